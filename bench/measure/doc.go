// Package measure counts what a job does, and says what the counts are worth.
//
// A Recorder takes one entry for each request; Result is what it adds up to, in
// the terms that fio uses: submission latency (slat), completion latency (clat)
// and both together (lat), bandwidth and requests per second. Usage is CPU time
// and the like; Compare computes ratios within rounds. Cache and Environment
// say in which state of the machine it was measured.
package measure
