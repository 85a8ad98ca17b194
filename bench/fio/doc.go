// Package fio runs the installed fio on a job of this program, on the same files,
// and reads back its JSON. Nothing of fio is in here but the names and units of
// its options and of its report.
package fio
