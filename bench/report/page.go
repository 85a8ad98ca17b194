package report

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ringbox/ringbox/bench/measure"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// pageData is what the page shows.
type pageData struct {
	Sources []source
	Growth  []picture
}

// source is one JSON file.
type source struct {
	File   string
	Time   string
	Extra  *Extra
	Rows   []shownRow
	Charts []picture
}

type shownRow struct{ Job, Engine, Rate, Bandwidth, P50, P99, P999, CPU, Ratio, Cache string }

type picture struct {
	Title string
	File  string
	SVG   template.HTML
}

// Page writes one HTML page, which needs no other file and no network, and
// beside it every chart as a PNG file. It returns the names of all files.
func Page(path string, documents []*Document) (files []string, err error) {
	var data pageData
	var rows []Row
	for _, d := range documents {
		s := source{File: filepath.Base(d.file), Time: d.Time, Extra: d.Ringbox}
		for _, r := range d.Ringbox.Comparison {
			s.Rows = append(s.Rows, show(r, d.Ringbox))
		}
		data.Sources = append(data.Sources, s)
		rows = append(rows, d.Ringbox.Comparison...)
	}
	album := album{stem: strings.TrimSuffix(path, filepath.Ext(path))}
	colours, n := paletteOf(rows), 0
	for i := range data.Sources {
		s := &data.Sources[i]
		list, err := jobCharts(*s, n, colours)
		if err == nil {
			s.Charts, err = album.add(list)
		}
		if err != nil {
			return nil, err
		}
		n += len(jobs(s.Extra.Comparison))
	}
	list, err := growth(rows, colours)
	if err == nil {
		data.Growth, err = album.add(list)
	}
	if err != nil {
		return nil, err
	}
	err = writeFile(path, func(w io.Writer) error { return page.Execute(w, data) })
	return append([]string{path}, album.files...), err
}

// album writes charts as PNG files.
type album struct {
	stem  string // how their names begin
	files []string
}

func (a *album) add(list []chart) (pictures []picture, err error) {
	for _, c := range list {
		name := a.stem + "-" + c.name + ".png"
		if err := writeFile(name, c.png); err != nil {
			return nil, err
		}
		svg, err := c.svg()
		if err != nil {
			return nil, err
		}
		a.files = append(a.files, name)
		pictures = append(pictures, picture{Title: c.Title, File: filepath.Base(name), SVG: template.HTML(svg)})
	}
	return pictures, nil
}

func show(r Row, x *Extra) shownRow {
	s := shownRow{Job: r.Job, Engine: r.Engine, Cache: r.Cache, Ratio: "1",
		Rate: fmt.Sprintf("%.0f", measure.Median(r.IOPS)), Bandwidth: fmt.Sprintf("%.1f", measure.Median(r.BW)/(1<<20)),
		P50: short(r.Lat[percentile(50)]), P99: short(r.Lat[percentile(99)]), P999: short(r.Lat[percentile(99.9)]),
		CPU: short(measure.Median(r.CPUPerOp))}
	if r.Engine != x.Baseline {
		s.Ratio = measure.Ratios{Median: r.Ratio, Low: r.Low, High: r.High}.String()
	}
	return s
}

func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// Tie reports whether some row of the source is a tie, for the page's legend.
func (s source) Tie() bool {
	return slices.ContainsFunc(s.Rows, func(r shownRow) bool { return strings.HasSuffix(r.Ratio, "tie") })
}
