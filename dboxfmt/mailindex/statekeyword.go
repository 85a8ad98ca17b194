package mailindex

import (
	"context"
	"strings"
)

func (s *state) keyword(ctx context.Context, p []byte) error {
	add, name, ranges, err := decodeKeyword(p)
	if err != nil {
		return err
	}
	bit, err := s.keywordBit(name)
	if err != nil {
		return err
	}
	return eachRange(ranges, 8, func(u uidRange, _ []byte) error {
		return s.changeKeywords(ctx, u, func(bits []byte) { setBit(bits, bit, add) })
	})
}

func (s *state) changeKeywords(ctx context.Context, u uidRange, change func(bits []byte)) error {
	return s.eachLive(ctx, u, true, func(place int) error {
		rec, err := s.records.write(ctx, place)
		if err != nil {
			return err
		}
		change(get(rec, s.records.fields, find(s.exts, keywordsName)))
		return s.stamp(ctx, place)
	})
}

func (s *state) resetKeywords(ctx context.Context, p []byte) error {
	none := find(s.exts, keywordsName) < 0
	return eachRange(p, 8, func(u uidRange, _ []byte) error {
		if none {
			return nil // it does not count as a change of the messages either
		}
		return s.changeKeywords(ctx, u, func(bits []byte) { clear(bits) })
	})
}

// keywordBit returns the number of a keyword, which gets one if it has none. The
// first keyword makes the extension, which has a number as all others have.
func (s *state) keywordBit(name string) (int, error) {
	if i := keywordIndex(s.keywords, name); i >= 0 {
		return i, nil
	}
	if len(s.keywords) == maxKeywords || s.keywordBytes()+len(name) > maxKeywordBytes {
		return 0, corrupt(recordHeader, "more than %d keywords, or %d bytes of them", maxKeywords, maxKeywordBytes)
	}
	e := find(s.exts, keywordsName)
	if e < 0 {
		if len(s.exts) == maxExtensions {
			return 0, corrupt(recordHeader, "more than %d extensions", maxExtensions)
		}
		e = len(s.exts)
		s.addExtension(extension{name: keywordsName, align: 1, field: field{recordFixed, 0}})
	}
	s.keywords = append(s.keywords, strings.Clone(name))
	if need := (len(s.keywords) + 7) / 8; need > s.records.fields[e].size {
		if err := s.resize(e, need, 1); err != nil {
			return 0, err
		}
	}
	return len(s.keywords) - 1, nil
}

// keywordBytes is how many bytes the names have.
func (s *state) keywordBytes() (n int) {
	for _, name := range s.keywords {
		n += len(name)
	}
	return n
}
