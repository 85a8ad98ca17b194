package driver

// Share says how much of the clone's work is done, 0 to 1.
func (r *Run) Share() float64 {
	var share float64
	if limit := r.Spec.Runtime + r.Spec.RampTime; r.Spec.Runtime > 0 {
		share = float64(r.Recorder.Now()) / float64(limit)
	}
	if !r.Spec.TimeBased {
		share = max(share, float64(r.Recorder.Total())/float64(r.expected()))
	}
	return min(share, 1)
}

// expected is about how many requests there will be.
func (r *Run) expected() int64 {
	bytes := r.Spec.IOSize
	if bytes == 0 {
		for _, size := range r.Sizes {
			bytes += size
		}
	}
	block := max(r.Spec.BS.Max, 1)
	if !r.Spec.RW.Read {
		block = max(r.Spec.WriteBS.Max, 1)
	}
	return max(bytes/block*int64(r.Spec.Loops)/int64(max(r.Part.Of, 1)), 1)
}
