package driver

import "math/bits"

// permutation is a random order of the numbers 0 to n-1 that needs no memory: a
// Feistel network over the next even number of bits, walked until it stays
// below n.
type permutation struct {
	n    uint64
	half uint
	keys [4]uint64
}

func newPermutation(n, seed uint64) permutation {
	p := permutation{n: n, half: uint(bits.Len64(n-1)+1) / 2}
	for i := range p.keys {
		seed = mix(seed + uint64(i) + 1)
		p.keys[i] = seed
	}
	return p
}

// at returns the number at place i.
func (p permutation) at(i uint64) uint64 {
	if p.n == 1 {
		return 0
	}
	for {
		if i = p.encrypt(i); i < p.n {
			return i
		}
	}
}

func (p permutation) encrypt(x uint64) uint64 {
	mask := uint64(1)<<p.half - 1
	left, right := x>>p.half, x&mask
	for _, key := range p.keys {
		left, right = right, left^(mix(right^key)&mask)
	}
	return left<<p.half | right
}

// mix spreads the bits of x (the finaliser of splitmix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
