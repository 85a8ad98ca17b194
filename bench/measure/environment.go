package measure

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// Environment is where something was measured.
type Environment struct {
	System      string `json:"system"`
	Kernel      string `json:"kernel"`
	CPUs        int    `json:"cpus"`
	CPU         string `json:"cpu"`
	Go          string `json:"go"`
	Directory   string `json:"directory"`
	FileSystem  string `json:"file_system"`
	Mitigations string `json:"mitigations"`
	Fio         string `json:"fio"`
	Backend     string `json:"backend"`
}

// Look describes the machine and the file system of dir. backend is what Auto
// chose and why.
func Look(dir, backend string) Environment {
	return Environment{
		System: runtime.GOOS + "/" + runtime.GOARCH, Kernel: Kernel(), CPUs: runtime.NumCPU(), CPU: cpuModel(),
		Go: runtime.Version(), Directory: dir, FileSystem: FileSystem(dir), Mitigations: mitigations(),
		Fio: FioVersion(), Backend: backend,
	}
}

// Lines returns the description for people.
func (e Environment) Lines() []string {
	return []string{
		fmt.Sprintf("machine     %s, %d CPUs (%s), %s, %s", e.System, e.CPUs, e.CPU, e.Kernel, e.Go),
		fmt.Sprintf("files       %s in %s", e.FileSystem, e.Directory),
		"mitigations " + e.Mitigations,
		"backend     " + e.Backend,
		"fio         " + e.Fio,
	}
}

// FioVersion asks the installed fio.
func FioVersion() string {
	path, err := exec.LookPath("fio")
	if err != nil {
		return "not installed"
	}
	out, err := exec.Command(path, "--version").Output()
	if err != nil {
		return "does not run: " + err.Error()
	}
	return strings.TrimSpace(string(out))
}

// vulnerabilities is where Linux says what it does about flaws of the CPU.
const vulnerabilities = "/sys/devices/system/cpu/vulnerabilities"

func mitigations() string {
	entries, err := os.ReadDir(vulnerabilities)
	if err != nil {
		return "unknown"
	}
	var active []string
	for _, e := range entries {
		text, err := os.ReadFile(vulnerabilities + "/" + e.Name())
		if err == nil && strings.HasPrefix(string(text), "Mitigation") {
			active = append(active, e.Name())
		}
	}
	if len(active) == 0 {
		return "none active"
	}
	slices.Sort(active)
	return strings.Join(active, ", ")
}

func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown model"
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown model"
}
