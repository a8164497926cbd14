package store

import (
	"context"
	"errors"
	"log"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// Change is one write under a watched folder. Before is nil for a creation; After is nil for a removal.
type Change struct {
	Before, After Object
	Revision      int64
}

// ErrTooOld is what a watch ends with whose revision etcd has compacted.
var ErrTooOld = errors.New("too old resource version")

// Watch calls `each` with every change after `revision` until the context ends, the watch breaks or `each` refuses one.
func (s *Store) Watch(ctx context.Context, folder string, revision int64, each func(Change) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changes := s.client.Watch(ctx, s.prefix+folder, clientv3.WithPrefix(), clientv3.WithPrevKV(), clientv3.WithRev(revision+1))
	for answer := range changes {
		if err := answer.Err(); err != nil {
			if errors.Is(err, rpctypes.ErrCompacted) {
				return ErrTooOld
			}
			return err
		}
		for _, event := range answer.Events {
			change, err := changeOf(event)
			if err != nil {
				return err
			}
			if err := each(change); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

func changeOf(event *clientv3.Event) (Change, error) {
	change := Change{Revision: event.Kv.ModRevision}
	if event.PrevKv != nil {
		before, err := decode(event.PrevKv.Value, change.Revision)
		if err != nil {
			return change, err
		}
		change.Before = before.Object
	} else if !event.IsCreate() {
		return change, ErrTooOld // what stood there before is compacted
	}
	if event.Type == clientv3.EventTypePut {
		after, err := decode(event.Kv.Value, change.Revision)
		if err != nil {
			return change, err
		}
		change.After = after.Object
	}
	return change, nil
}

// CompactEvery forgets, again and again, what is older than one period, as the real apiserver does every 5 minutes.
func (s *Store) CompactEvery(ctx context.Context, period time.Duration) {
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	var last int64
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if last > 0 {
			if _, err := s.client.Compact(ctx, last); err != nil && !errors.Is(err, rpctypes.ErrCompacted) {
				log.Printf("compacting etcd: %v", err)
			}
		}
		if answer, err := s.client.Get(ctx, s.prefix+"healthz"); err == nil {
			last = answer.Header.Revision
		}
	}
}
