package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/bench/report"
)

func reportCommand(stdout io.Writer) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "report RESULTS.json...",
		Short: "Make a page with tables and charts from the JSON of runs, of this program or of fio",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{fmt.Errorf("report: no JSON file given")}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			var documents []*report.Document
			for _, path := range args {
				d, err := report.Load(path)
				if err != nil {
					return err
				}
				documents = append(documents, d)
			}
			files, err := report.Page(output, documents)
			for _, f := range files {
				fmt.Fprintln(stdout, f)
			}
			return err
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "report.html", "name of the page; the charts are PNG files beside it")
	return cmd
}
