package mailstore

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Modified UTF-7 (RFC 3501, 5.1.3): printable ASCII stands for itself, "&" is
// "&-", and everything else is UTF-16 in base64 between "&" and "-", with ","
// for "/" and without padding.
var base64UTF7 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").
	WithPadding(base64.NoPadding).Strict()

// encodeUTF7 returns s, which must be valid UTF-8, in modified UTF-7.
func encodeUTF7(s string) string {
	var out strings.Builder
	for s != "" {
		plain := strings.IndexFunc(s, notPlain)
		if plain < 0 {
			plain = len(s)
		}
		out.WriteString(strings.ReplaceAll(s[:plain], "&", "&-"))
		s = s[plain:]
		coded := strings.IndexFunc(s, func(r rune) bool { return !notPlain(r) })
		if coded < 0 {
			coded = len(s)
		}
		if coded > 0 {
			out.WriteString("&" + base64UTF7.EncodeToString(utf16Bytes(s[:coded])) + "-")
		}
		s = s[coded:]
	}
	return out.String()
}

func notPlain(r rune) bool { return r < 0x20 || r > 0x7e }

func utf16Bytes(s string) []byte {
	var b []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		b = append(b, byte(unit>>8), byte(unit))
	}
	return b
}

// decodeUTF7 is the inverse of encodeUTF7. Whatever encodeUTF7 would not have
// written, such as a second way to write the same name, is an ErrName.
func decodeUTF7(s string) (string, error) {
	var out strings.Builder
	for rest := s; rest != ""; {
		plain, coded, found := strings.Cut(rest, "&")
		out.WriteString(plain)
		if !found {
			break
		}
		var ok bool
		if coded, rest, ok = strings.Cut(coded, "-"); !ok {
			return "", fmt.Errorf("%w: %q is no modified UTF-7", ErrName, s)
		}
		text, err := decodeUTF16(coded)
		if err != nil {
			return "", fmt.Errorf("%w: %q is no modified UTF-7", ErrName, s)
		}
		out.WriteString(text)
	}
	if name := out.String(); utf8.ValidString(name) && encodeUTF7(name) == s {
		return name, nil
	}
	return "", fmt.Errorf("%w: %q is no modified UTF-7", ErrName, s)
}

func decodeUTF16(coded string) (string, error) {
	if coded == "" {
		return "&", nil
	}
	b, err := base64UTF7.DecodeString(coded)
	if err != nil || len(b)%2 != 0 {
		return "", ErrName
	}
	var units []uint16
	for ; len(b) > 0; b = b[2:] {
		units = append(units, uint16(b[0])<<8|uint16(b[1]))
	}
	return string(utf16.Decode(units)), nil
}
