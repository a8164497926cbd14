package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"fedctl.example/hyperkube/internal/store"
)

// defaultWatch is how long a watch lasts whose sender sets no timeoutSeconds.
const defaultWatch = 45 * time.Minute

// watch streams changes. It sends no bookmarks and knows no sendInitialEvents: version "" or "0" starts with what is
// there, any other version with the change after it.
func (s *Server) watch(w http.ResponseWriter, q request) error {
	query := q.URL.Query()
	if q.name != "" {
		query.Add("fieldSelector", "metadata.name="+q.name)
	}
	selects, err := selectorOf(query)
	if err != nil {
		return err
	}
	from, err := strconv.ParseUint("0"+query.Get("resourceVersion"), 10, 63)
	if err != nil {
		return badRequest("invalid resource version %q", query.Get("resourceVersion"))
	}
	ctx, cancel := context.WithTimeout(q.Context(), watchTime(query.Get("timeoutSeconds")))
	defer cancel()
	out := &stream{w: w, q: q, table: wantsTable(q.Request)}
	folder, revision := q.resource.folder(q.namespace), int64(from)
	if revision == 0 {
		entries, at, err := s.Store.List(ctx, folder)
		if err != nil {
			return err
		}
		revision = at
		out.start()
		for _, entry := range entries {
			if selects(entry.Object) {
				out.send("ADDED", served(q.resource, entry.Object, entry.Revision))
			}
		}
	}
	out.start()
	err = s.Store.Watch(ctx, folder, revision, func(change store.Change) error {
		return out.change(change, selects)
	})
	if errors.Is(err, store.ErrTooOld) {
		message := fmt.Sprintf("too old resource version: %d", revision)
		out.raw("ERROR", (&Failure{410, "Expired", message, nil}).status())
	}
	return nil
}

func watchTime(seconds string) time.Duration {
	if n, err := strconv.Atoi(seconds); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	return defaultWatch
}

type stream struct {
	w       http.ResponseWriter
	q       request
	table   bool
	started bool
	columns bool
}

// start sends the head of the answer, so that a client knows at once that it watches.
func (s *stream) start() {
	if s.started {
		return
	}
	s.started = true
	s.w.Header().Set("Content-Type", "application/json")
	s.w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(s.w).Flush()
}

// change tells what a write means to one who sees selected objects only.
func (s *stream) change(change store.Change, selects func(Object) bool) error {
	was := change.Before != nil && selects(change.Before)
	is := change.After != nil && selects(change.After)
	switch {
	case is && was:
		return s.send("MODIFIED", served(s.q.resource, change.After, change.Revision))
	case is:
		return s.send("ADDED", served(s.q.resource, change.After, change.Revision))
	case was:
		return s.send("DELETED", served(s.q.resource, change.Before, change.Revision))
	}
	return nil
}

func (s *stream) send(kind string, object Object) error {
	if !s.table {
		return s.raw(kind, object)
	}
	first := !s.columns
	s.columns = true
	return s.raw(kind, table(s.q, []Object{object}, first, mustMeta(object).ResourceVersion))
}

func (s *stream) raw(kind string, object Object) error {
	if err := json.NewEncoder(s.w).Encode(Object{"type": kind, "object": object}); err != nil {
		return err
	}
	return http.NewResponseController(s.w).Flush()
}
