package mailindex

// A few bytes of a log can ask for fields in all records, or for another layout
// of all of them. What that takes is bounded by what was read, far beyond what any
// writer needs.
const (
	maxGrowth = 64        // bytes of records for each byte read
	minGrowth = 16 << 20  // bytes of records that are always allowed
	maxMoved  = 1024      // bytes that get another place, for each byte read
	minMoved  = 256 << 20 // always allowed
)

// affords refuses so many records of stride bytes each.
func (s *state) affords(records, stride int) error {
	if n := int64(records) * int64(stride); n > max(minGrowth, maxGrowth*s.read) {
		return corrupt(0, "%d records of %d bytes, from %d bytes that were read", records, stride, s.read)
	}
	return nil
}

// moves counts bytes of records and headers that get another place.
func (s *state) moves(n int) error {
	if s.moved += int64(n); s.moved > max(minMoved, maxMoved*s.read) {
		return corrupt(0, "the layout of %d messages changes again and again", s.records.places())
	}
	return nil
}
