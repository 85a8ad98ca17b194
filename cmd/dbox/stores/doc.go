// Package stores finds, names and opens whole mail stores: message files with
// their indexes.
//
// location.go is how a store is written on a command line, layout.go how one is
// recognised, version.go which version of the format it gets, open.go opens it.
package stores
