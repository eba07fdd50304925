package prometheus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/clip"
)

// APIError is an answer by which the API says that it cannot answer, or something
// between says so for it. Nothing is known then.
type APIError struct {
	// Status is the status of the HTTP answer.
	Status int
	// Type and Message are what the API says, empty where the answer is none of its own.
	Type, Message string
}

// Error is the status and what the API says. The text may change.
func (e *APIError) Error() string {
	s := fmt.Sprintf("prometheus: the API answers %d", e.Status)
	if e.Type != "" || e.Message != "" {
		s += fmt.Sprintf(", %s: %q", clip.Text(strconv.Quote(e.Type), 50), clip.Text(e.Message, 300))
	}
	return s
}

// WarningError is an answer that may lack something: it carries warnings or infos
// that [Options.Allow] does not allow, or says that it is partial.
type WarningError struct {
	// Warnings are those that are not allowed.
	Warnings []string
}

// Error is the first warning. The text may change.
func (e *WarningError) Error() string {
	return fmt.Sprintf("prometheus: the answer may lack something: %q", clip.Text(e.Warnings[0], 300))
}

// instant asks for raw samples: those of the selector in a time before end, in
// milliseconds.
func (r *Reader) instant(ctx context.Context, selector string, b bounds) ([]series, error) {
	// Up to version 2 a range includes both ends, from 3 on only the later one.
	form := url.Values{
		"query": {selector + "[" + strconv.FormatInt(b.end-b.from+1, 10) + "ms]"},
		"time":  {seconds(b.end)},
	}
	return r.ask(ctx, "/api/v1/query", form, limit{from: b.from - 1, to: b.end, series: r.o.MaxSeries}, b)
}

// ranged asks for the values of an expression at the steps of the window.
func (r *Reader) ranged(ctx context.Context, expr string, b bounds) ([]series, error) {
	step := r.o.Step.Milliseconds()
	form := url.Values{"query": {expr}, "start": {seconds(b.start)}, "end": {seconds(b.end)}, "step": {seconds(step)}}
	return r.ask(ctx, "/api/v1/query_range", form, limit{from: b.start, to: b.end, step: step, series: r.o.MaxSeries}, b)
}

// seconds is a number of milliseconds as the API has it.
func seconds(ms int64) string {
	sign := ""
	if ms < 0 {
		sign, ms = "-", -ms
	}
	return fmt.Sprintf("%s%d.%03d", sign, ms/1000, ms%1000)
}

// ask sends one query and reads the answer.
func (r *Reader) ask(ctx context.Context, path string, form url.Values, l limit, b bounds) ([]series, error) {
	ctx, cancel := context.WithTimeout(ctx, r.o.Timeout)
	defer cancel()
	for name, values := range r.params() {
		form[name] = values
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.root+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("prometheus: %w", err)
	}
	header := r.header()
	maps.Copy(req.Header, header)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if host := header.Get("Host"); host != "" {
		req.Host = host
	}
	if r.o.Token != nil {
		token, err := r.o.Token(ctx)
		if err != nil {
			return nil, fmt.Errorf("prometheus: the token: %w", err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("prometheus: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		return nil, fmt.Errorf("prometheus: the API answers %d, and redirects are not followed", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(r.o.MaxBytes)+1))
	if err != nil {
		return nil, fmt.Errorf("prometheus: the answer: %w", err)
	}
	if len(body) > r.o.MaxBytes {
		return nil, fmt.Errorf("prometheus: the answer is larger than %d bytes", r.o.MaxBytes)
	}
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	json := err == nil && kind == "application/json"
	if resp.StatusCode != http.StatusOK {
		refused := &APIError{Status: resp.StatusCode}
		if json {
			if a, err := decode(body, l); err == nil {
				refused.Type, refused.Message = a.errorType, a.errorText
			}
		}
		return nil, refused
	}
	if !json {
		return nil, fmt.Errorf("prometheus: the answer is %q and not application/json", clip.Text(resp.Header.Get("Content-Type"), 100))
	}
	a, err := decode(body, l)
	if err != nil {
		return nil, err
	}
	if a.status != "success" {
		return nil, &APIError{Status: resp.StatusCode, Type: a.errorType, Message: a.errorText}
	}
	if !a.hasData {
		return nil, errors.New("prometheus: the answer has no data")
	}
	if a.partial {
		return nil, &WarningError{Warnings: []string{"isPartial"}}
	}
	var refused []string
	for _, w := range a.warnings {
		if r.o.Allow == nil || !r.o.Allow(w) {
			refused = append(refused, w)
		}
	}
	if len(refused) > 0 {
		return nil, &WarningError{Warnings: refused}
	}
	return a.series, r.dated(resp.Header, b)
}
