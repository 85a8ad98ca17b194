package fsapi

import (
	"fmt"
	"os"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/threadpool"
	"github.com/ringbox/ringbox/uring"
)

// EnvBackend is the environment variable with which an operator chooses the
// engine where the program says Auto.
const EnvBackend = "FSAPI_BACKEND"

// BackendInfo says which engine serves a file system, and why.
type BackendInfo struct {
	Kind   BackendKind
	Reason string // for people: who chose, and what was wrong with the other
	backend.Capabilities
}

// choose sets up the engine that o asks for.
func choose(o *Options) (backend.Backend, BackendInfo, error) {
	if o.Engine != nil {
		caps := o.Engine.Capabilities()
		if caps.Depth < backend.MaxChain {
			return nil, BackendInfo{}, fmt.Errorf("fsapi: Options.Engine %q takes %d operations at most: a chain needs %d", caps.Name, caps.Depth, backend.MaxChain)
		}
		return o.Engine, BackendInfo{BackendKind(caps.Name), "Options.Engine", caps}, nil
	}
	kind, by := o.Backend, "Options.Backend"
	if kind == "" || kind == Auto {
		kind, by = Auto, "Options.Backend is auto"
		if env := os.Getenv(EnvBackend); env != "" {
			kind, by = BackendKind(env), EnvBackend
		}
	}
	switch kind {
	case Auto:
		return chooseAuto(o, by)
	case URing:
		b, err := newURing(o)
		return described(b, err, URing, by)
	case ThreadPool:
		b, err := newThreadPool(o)
		return described(b, err, ThreadPool, by)
	}
	return nil, BackendInfo{}, fmt.Errorf("fsapi: unknown backend %q from %s: auto, uring or threadpool", kind, by)
}

// chooseAuto prefers the ring and takes the thread pool on any failure,
// whatever the errno: containers and kernels refuse in many ways.
func chooseAuto(o *Options, by string) (backend.Backend, BackendInfo, error) {
	kind, reason := URing, by+", and io_uring works"
	b, err := newURing(o)
	if err != nil {
		kind, reason = ThreadPool, fmt.Sprintf("%s, and io_uring does not work here: %v", by, err)
		b, err = newThreadPool(o)
	}
	b, info, err := described(b, err, kind, reason)
	if err == nil {
		o.Logger.Info("fsapi: backend chosen", "backend", string(info.Kind), "reason", info.Reason, "detail", info.Detail)
	}
	return b, info, err
}

// described says what came of setting up an engine, and why it was this one.
func described(b backend.Backend, err error, kind BackendKind, reason string) (backend.Backend, BackendInfo, error) {
	if err != nil {
		return nil, BackendInfo{}, fmt.Errorf("fsapi: backend %s (%s): %w", kind, reason, err)
	}
	return b, BackendInfo{kind, reason, b.Capabilities()}, nil
}

func newURing(o *Options) (backend.Backend, error) {
	e, err := uring.New(uring.Options{Depth: o.Depth})
	if err != nil {
		return nil, err // a typed nil must not become a backend
	}
	return e, nil
}

func newThreadPool(o *Options) (backend.Backend, error) {
	p, err := threadpool.New(threadpool.Options{Workers: o.Threads, Depth: o.Depth})
	if err != nil {
		return nil, err
	}
	return p, nil
}
