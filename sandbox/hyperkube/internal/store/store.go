// Package store keeps objects as JSON in etcd under one prefix; the revision of a key is an object's resourceVersion.
package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// Object is any API object, as JSON has it.
type Object = map[string]any

// Errors that callers turn into answers of the API.
var (
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("already exists")
	ErrConflict = errors.New("changed meanwhile")
)

// Entry is an object and the revision of its last change.
type Entry struct {
	Object   Object
	Revision int64
}

// Store is one etcd and the prefix of everything in it.
type Store struct {
	client *clientv3.Client
	prefix string
}

// Open connects to etcd and waits until it answers: it starts beside the apiserver, in the same pod.
func Open(ctx context.Context, endpoints []string, prefix string, patience time.Duration) (*Store, error) {
	client, err := clientv3.New(clientv3.Config{Endpoints: endpoints, DialTimeout: 5 * time.Second, Logger: zap.NewNop()})
	if err != nil {
		return nil, err
	}
	s := &Store{client: client, prefix: prefix + "/"}
	deadline := time.Now().Add(patience)
	for {
		if err = s.Ping(ctx); err == nil {
			return s, nil
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return nil, fmt.Errorf("etcd at %v does not answer: %w", endpoints, err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// Ping asks etcd for a key, whether there is one or not.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_, err := s.client.Get(ctx, s.prefix+"healthz", clientv3.WithKeysOnly())
	return err
}

// Close ends the connection.
func (s *Store) Close() error { return s.client.Close() }

// Get reads one object. Errors: ErrNotFound.
func (s *Store) Get(ctx context.Context, key string) (Entry, error) {
	answer, err := s.client.Get(ctx, s.prefix+key)
	if err != nil {
		return Entry{}, err
	}
	if len(answer.Kvs) == 0 {
		return Entry{}, ErrNotFound
	}
	return decode(answer.Kvs[0].Value, answer.Kvs[0].ModRevision)
}

// List reads everything under a folder, sorted by key, and the revision that it was true at.
func (s *Store) List(ctx context.Context, folder string) ([]Entry, int64, error) {
	answer, err := s.client.Get(ctx, s.prefix+folder, clientv3.WithPrefix())
	if err != nil {
		return nil, 0, err
	}
	entries := make([]Entry, 0, len(answer.Kvs))
	for _, kv := range answer.Kvs {
		entry, err := decode(kv.Value, kv.ModRevision)
		if err != nil {
			return nil, 0, err
		}
		entries = append(entries, entry)
	}
	return entries, answer.Header.Revision, nil
}

// Create writes an object that must not be there. Errors: ErrExists.
func (s *Store) Create(ctx context.Context, key string, object Object) (int64, error) {
	revision, err := s.put(ctx, key, object, 0)
	if errors.Is(err, ErrConflict) {
		return 0, ErrExists
	}
	return revision, err
}

// Update writes an object whose last change must be of `revision`. Errors: ErrConflict.
func (s *Store) Update(ctx context.Context, key string, object Object, revision int64) (int64, error) {
	return s.put(ctx, key, object, revision)
}

func (s *Store) put(ctx context.Context, key string, object Object, revision int64) (int64, error) {
	value, err := json.Marshal(object)
	if err != nil {
		return 0, err
	}
	return s.commit(ctx, key, revision, clientv3.OpPut(s.prefix+key, string(value)))
}

// Delete removes an object whose last change must be of `revision`. Errors: ErrConflict.
func (s *Store) Delete(ctx context.Context, key string, revision int64) (int64, error) {
	return s.commit(ctx, key, revision, clientv3.OpDelete(s.prefix+key))
}

func (s *Store) commit(ctx context.Context, key string, revision int64, op clientv3.Op) (int64, error) {
	unchanged := clientv3.Compare(clientv3.ModRevision(s.prefix+key), "=", revision)
	answer, err := s.client.Txn(ctx).If(unchanged).Then(op).Commit()
	if err != nil {
		return 0, err
	}
	if !answer.Succeeded {
		return 0, ErrConflict
	}
	return answer.Header.Revision, nil
}

func decode(value []byte, revision int64) (Entry, error) {
	var object Object
	if err := json.Unmarshal(value, &object); err != nil {
		return Entry{}, fmt.Errorf("stored object of revision %d: %w", revision, err)
	}
	return Entry{Object: object, Revision: revision}, nil
}
