// Package ci holds the tests of the project as a whole: which package may
// import which, that links in the documentation lead somewhere, and what the
// top level holds. test.sh beside it runs all tests there are.
package ci
