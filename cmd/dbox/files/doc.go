// Package files finds the files that the tool reads and opens them through the
// FS API.
package files
