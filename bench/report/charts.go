package report

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// chart is a picture of some rows.
type chart struct {
	name  string // for files
	Title string
	plot  *plot.Plot
}

// Charts are as wide as a phone can show without making the text too small.
const (
	width  = 5.2 * vg.Inch
	height = 3.4 * vg.Inch
	dpi    = 160
)

// palette gives every engine one colour in all charts.
type palette []string

func paletteOf(rows []Row) (p palette) {
	for _, r := range rows {
		if !slices.Contains(p, r.Engine) {
			p = append(p, r.Engine)
		}
	}
	return p
}

func (p palette) index(engine string) int { return slices.Index(p, engine) }

// charts draws everything that the sources allow: throughput and latency of each
// job, and over all of them how work grows.
func charts(sources []source) (list []chart, err error) {
	var rows []Row
	for _, s := range sources {
		rows = append(rows, s.Extra.Comparison...)
	}
	colours := paletteOf(rows)
	add := func(c chart, e error) {
		if e == nil {
			list = append(list, c)
		} else if err == nil {
			err = e
		}
	}
	n := 0
	for _, s := range sources {
		for _, name := range jobs(s.Extra.Comparison) {
			n++
			title := name
			if len(sources) > 1 {
				title += " in " + s.File
			}
			add(throughput(n, title, ofJob(s.Extra.Comparison, name), colours))
			add(latency(n, title, ofJob(s.Extra.Comparison, name), colours))
		}
	}
	for _, axis := range []struct {
		file, label string
		of          func(Row) int
	}{
		{"depth", "requests in flight", func(r Row) int { return r.Depth * r.NumJobs }},
		{"files", "number of files", func(r Row) int { return r.Files }},
	} {
		groups := scaling(rows, axis.of)
		for i, key := range sortedKeys(groups) {
			add(scale(fmt.Sprintf("%s-%d", axis.file, i+1), key, axis.label, groups[key], colours))
		}
	}
	return list, err
}

func sortedKeys[V any](m map[string]V) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.TextStyle.Font.Size = vg.Points(12)
	p.Y.Tick.Marker = plot.TickerFunc(shortTicks)
	p.Legend.Top = true
	p.Legend.Padding = vg.Points(2)
	return p
}

// shortTicks are the usual ticks with k and M in place of zeros.
func shortTicks(low, high float64) []plot.Tick {
	ticks := plot.DefaultTicks{}.Ticks(low, high)
	for i := range ticks {
		if ticks[i].Label != "" {
			ticks[i].Label = scaled(ticks[i].Value, 1000, "")
		}
	}
	return ticks
}

// throughput is one bar for each engine, with the spread over the rounds.
func throughput(n int, job string, rows []Row, colours palette) (chart, error) {
	p := newPlot(job+": operations per second", "", "ops/s")
	p.Y.Min = 0
	var names []string
	var spread points
	for i, r := range rows {
		pt := pointOf(float64(i), r.IOPS)
		bar, err := plotter.NewBarChart(plotter.Values{pt.y}, vg.Points(min(40, 220/float64(len(rows)))))
		if err != nil {
			return chart{}, err
		}
		bar.XMin, bar.Color, bar.LineStyle.Width = pt.x, colour(colours.index(r.Engine)), 0
		p.Add(bar)
		names = append(names, r.Engine)
		spread = append(spread, pt)
	}
	whiskers, err := plotter.NewYErrorBars(spread)
	if err != nil {
		return chart{}, err
	}
	p.Add(whiskers)
	p.NominalX(names...)
	if len(names) > 4 {
		p.X.Tick.Label.Rotation, p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = math.Pi/6, draw.XRight, draw.YCenter
	}
	return chart{fmt.Sprintf("throughput-%d", n), p.Title.Text, p}, nil
}

// shown are the percentiles of the latency chart.
var shown = []float64{50, 90, 95, 99, 99.9, 99.99}

// latency is one line for each engine, over percentiles.
func latency(n int, job string, rows []Row, colours palette) (chart, error) {
	p := newPlot(job+": latency", "percentile", "µs")
	p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	var names []string
	for _, q := range shown {
		names = append(names, fmt.Sprint(q))
	}
	for _, r := range rows {
		var pts points
		for k, q := range shown {
			us := max(r.Lat[percentile(q)]/1000, 0.01)
			pts = append(pts, point{x: float64(k), y: us})
		}
		if err := addLine(p, colours.index(r.Engine), r.Engine, pts); err != nil {
			return chart{}, err
		}
	}
	p.NominalX(names...)
	p.Legend.Left = true
	p.Y.Min = math.Pow(10, math.Floor(math.Log10(p.Y.Min)))
	p.Y.Max = math.Pow(10, math.Ceil(math.Log10(p.Y.Max)+0.3)) // the legend needs room
	return chart{fmt.Sprintf("latency-%d", n), p.Title.Text, p}, nil
}

// scale is one line for each engine, over a figure of the job.
func scale(file, title, label string, lines []line, colours palette) (chart, error) {
	p := newPlot(title+": "+label, label, "ops/s")
	p.X.Scale = plot.LogScale{}
	p.Y.Min = 0
	p.Legend.Left = true
	var ticks []plot.Tick
	for _, l := range lines {
		if err := addLine(p, colours.index(l.engine), l.engine, l.points); err != nil {
			return chart{}, err
		}
		for _, pt := range l.points {
			ticks = append(ticks, plot.Tick{Value: pt.x, Label: fmt.Sprint(pt.x)})
		}
	}
	p.X.Tick.Marker = plot.ConstantTicks(ticks)
	p.Y.Max *= 1 + 0.09*float64(len(lines)) // the legend needs room
	p.Add(plotter.NewGrid())
	return chart{"scaling-" + file, p.Title.Text, p}, nil
}

func addLine(p *plot.Plot, i int, name string, pts points) error {
	l, dots, err := plotter.NewLinePoints(pts)
	if err != nil {
		return err
	}
	l.Color, dots.Color, l.Width = colour(i), colour(i), vg.Points(1.5)
	dots.Shape = plotutil.DefaultGlyphShapes[i%len(plotutil.DefaultGlyphShapes)]
	p.Add(l, dots)
	p.Legend.Add(name, l, dots)
	return nil
}

func colour(i int) color.Color { return plotutil.DefaultColors[i%len(plotutil.DefaultColors)] }

// points implement the interfaces of the plotters.
type points []point

func (p points) Len() int                         { return len(p) }
func (p points) XY(i int) (x, y float64)          { return p[i].x, p[i].y }
func (p points) YError(i int) (low, high float64) { return p[i].y - p[i].low, p[i].high - p[i].y }

// draw leaves a margin, so that labels at the edge are whole.
func (c chart) draw(on draw.Canvas) {
	c.plot.Draw(draw.Crop(on, vg.Points(4), vg.Points(-14), vg.Points(4), vg.Points(-4)))
}

// svg returns the chart for a page.
func (c chart) svg() (string, error) {
	canvas := vgsvg.New(width, height)
	c.draw(draw.New(canvas))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return "", err
	}
	text := b.String()
	return text[strings.Index(text, "<svg"):], nil
}

func (c chart) png(w io.Writer) error {
	canvas := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi))
	c.draw(draw.New(canvas))
	_, err := vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
	return err
}
