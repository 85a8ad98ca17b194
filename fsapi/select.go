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
		return setUp(newURing, o, URing, by)
	case ThreadPool:
		return setUp(newThreadPool, o, ThreadPool, by)
	}
	return nil, BackendInfo{}, fmt.Errorf("fsapi: unknown backend %q from %s: auto, uring or threadpool", kind, by)
}

// chooseAuto prefers the ring and takes the thread pool on any failure,
// whatever the errno: containers and kernels refuse in many ways.
func chooseAuto(o *Options, by string) (backend.Backend, BackendInfo, error) {
	b, info, err := setUp(newURing, o, URing, by+", and io_uring works")
	if err != nil {
		b, info, err = setUp(newThreadPool, o, ThreadPool, fmt.Sprintf("%s, and io_uring does not work here: %v", by, err))
	}
	if err == nil {
		o.Logger.Info("fsapi: backend chosen", "backend", string(info.Kind), "reason", info.Reason, "detail", info.Detail)
	}
	return b, info, err
}

func setUp(engine func(*Options) (backend.Backend, error), o *Options, kind BackendKind, reason string) (backend.Backend, BackendInfo, error) {
	b, err := engine(o)
	if err != nil {
		return nil, BackendInfo{}, fmt.Errorf("fsapi: backend %s: %w", kind, err)
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
