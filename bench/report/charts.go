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
	"gonum.org/v1/plot/font"
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

// Text is measured, and in PNG files drawn, in a font without serifs; browsers
// take one that is as wide, or nearly.
var sans = font.Font{Typeface: "Liberation", Variant: "Sans"}

const webFonts = "'Liberation Sans',Arial,Helvetica,sans-serif"

func init() { plot.DefaultFont = sans }

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

// jobCharts draws throughput and latency of each job of a source, counting from
// n.
func jobCharts(s source, n int, colours palette) (list []chart, err error) {
	for _, name := range jobs(s.Extra.Comparison) {
		rows := ofJob(s.Extra.Comparison, name)
		n++
		t, err := throughput(n, name, rows, colours)
		if err != nil {
			return nil, err
		}
		l, err := latency(n, name, rows, colours)
		if err != nil {
			return nil, err
		}
		list = append(list, t, l)
	}
	return list, nil
}

// growth draws how work grows with depth and with the number of files, over all
// sources.
func growth(rows []Row, colours palette) (list []chart, err error) {
	for _, axis := range []struct {
		file, label string
		of          func(Row) int
	}{
		{"depth", "requests in flight", func(r Row) int { return r.Depth * r.NumJobs }},
		{"files", "number of files", func(r Row) int { return r.Files }},
	} {
		groups := scaling(rows, axis.of)
		for i, key := range sortedKeys(groups) {
			c, err := scale(fmt.Sprintf("%s-%d", axis.file, i+1), key, axis.label, groups[key], colours)
			if err != nil {
				return nil, err
			}
			list = append(list, c)
		}
	}
	return list, nil
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

// timeTicks are those of a logarithmic axis of microseconds.
func timeTicks(low, high float64) []plot.Tick {
	ticks := plot.LogTicks{Prec: -1}.Ticks(low, high)
	for i := range ticks {
		if ticks[i].Label != "" {
			ticks[i].Label = strings.Replace(short(ticks[i].Value*1000), ".00", "", 1)
		}
	}
	return ticks
}

// throughput is one bar for each engine, from top to bottom, with the spread over
// the rounds.
func throughput(n int, job string, rows []Row, colours palette) (chart, error) {
	p := newPlot(job+": operations per second", "ops/s", "")
	p.X.Tick.Marker, p.Y.Tick.Marker = p.Y.Tick.Marker, p.X.Tick.Marker
	p.X.Min = 0
	names := make([]string, len(rows))
	var spread points
	for i, r := range rows {
		place := len(rows) - 1 - i
		pt := pointOf(float64(place), r.IOPS)
		bar, err := plotter.NewBarChart(plotter.Values{pt.y}, vg.Points(min(24, 140/float64(len(rows)))))
		if err != nil {
			return chart{}, err
		}
		bar.Horizontal, bar.XMin, bar.Color, bar.LineStyle.Width = true, pt.x, colour(colours.index(r.Engine)), 0
		p.Add(bar)
		names[place] = r.Engine + strings.Repeat(" ", 1+len(r.Engine)/8) // in a wider font, too
		spread = append(spread, point{x: pt.y, y: pt.x, low: pt.low, high: pt.high})
	}
	whiskers, err := plotter.NewXErrorBars(spread)
	if err != nil {
		return chart{}, err
	}
	p.Add(whiskers)
	p.NominalY(names...)
	return chart{fmt.Sprintf("throughput-%d", n), p.Title.Text, p}, nil
}

// shown are the percentiles of the latency chart.
var shown = []float64{50, 90, 95, 99, 99.9, 99.99}

// latency is one line for each engine, over percentiles.
func latency(n int, job string, rows []Row, colours palette) (chart, error) {
	p := newPlot(job+": latency", "percentile", "")
	p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.TickerFunc(timeTicks)
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
func (p points) XError(i int) (low, high float64) { return p[i].x - p[i].low, p[i].high - p[i].x }

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
	text := strings.ReplaceAll(b.String(), "font-family:Liberation Sans", "font-family:"+webFonts)
	return text[strings.Index(text, "<svg"):], nil
}

func (c chart) png(w io.Writer) error {
	canvas := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi))
	c.draw(draw.New(canvas))
	_, err := vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
	return err
}
