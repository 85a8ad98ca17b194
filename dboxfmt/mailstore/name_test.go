package mailstore

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStorageName(t *testing.T) {
	for name, stored := range map[string]string{
		"INBOX":          "INBOX",
		"a&b":            "a&-b",
		"Entwürfe":       "Entw&APw-rfe",
		"台北/日本語":         "&U,BTFw-/&ZeVnLIqe-",
		"~peter/mail":    "",
		"a~b":            "a~b",
		"😀":              "&2D3eAA-",
		"tab\there":      "tab&AAk-here",
		"&&":             "&-&-",
		"ü&ü":            "&APw-&-&APw-",
		"..":             "",
		"a/../b":         "",
		"a//b":           "",
		"/a":             "",
		"a/":             "",
		"":               "",
		"a/./b":          "",
		"x/dbox-Mails":   "",
		"nul\x00":        "",
		"bad\xff":        "",
		"...":            "...",
		"inbox/children": "inbox/children",
	} {
		clean, err := CleanName(name)
		if stored == "" {
			require.ErrorIs(t, err, ErrName, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, stored, StorageName(clean))
		back, err := ParseStorageName(stored)
		require.NoError(t, err, name)
		require.Equal(t, clean, back)
	}
}

func TestCleanNameInbox(t *testing.T) {
	name, err := CleanName("iNboX")
	require.NoError(t, err)
	require.Equal(t, "INBOX", name)
}

func TestCleanNameTooLong(t *testing.T) {
	_, err := CleanName(strings.Repeat("ü", 100)) // 400 characters of modified UTF-7
	require.ErrorIs(t, err, ErrName)
	_, err = CleanName(strings.Repeat("a/", 3000) + "a")
	require.ErrorIs(t, err, ErrName)
}

// What encodeUTF7 would not write is refused, so that no two directories have
// one name.
func TestParseStorageNameRefuses(t *testing.T) {
	for _, stored := range []string{
		"&",            // not closed
		"&AP-",         // half a code unit
		"&APw",         // not closed
		"&AGE-",        // an "a"
		"&APw-&APw-",   // two runs where one is enough
		"&AC8-",        // a "/"
		"&2D0-",        // half a surrogate pair
		"\xff",         // not ASCII
		"ü",            // not ASCII
		"&APw=-",       // padding
		"a/&AC4ALg-/b", // ".."
	} {
		_, err := ParseStorageName(stored)
		require.ErrorIs(t, err, ErrName, stored)
	}
}

func FuzzStorageName(f *testing.F) {
	f.Add("Entw&APw-rfe")
	f.Add("a/b")
	f.Fuzz(func(t *testing.T, stored string) {
		name, err := ParseStorageName(stored)
		if err != nil {
			require.ErrorIs(t, err, ErrName)
			return
		}
		if name != Inbox {
			require.Equal(t, stored, StorageName(name))
		}
	})
}
