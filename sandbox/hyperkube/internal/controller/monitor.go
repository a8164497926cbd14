package controller

import (
	"context"
	"log"
	"sync/atomic"
	"time"
)

// probes counts what /metrics tells.
var probes atomic.Int64

// monitor probes every known member, one after another, at once and then every period.
func monitor(ctx context.Context, federation *connection, m *members, period time.Duration) {
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		tick(ctx, federation, m)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func tick(ctx context.Context, federation *connection, m *members) {
	list, err := listClusters(ctx, federation)
	if err != nil {
		log.Printf("listing clusters: %v", err)
		return
	}
	for _, c := range list.Items {
		m.mu.Lock() // waits while a client is made
		one := m.known[c.Metadata.Name]
		m.mu.Unlock()
		if one == nil || one.client == nil {
			continue // its status stays empty
		}
		probes.Add(1)
		before := one.last
		if before == nil {
			before = c.Status.Conditions
		}
		one.last = keepTransitions(before, probe(ctx, one.client))
		c.Status.Conditions = one.last
		if err := writeStatus(ctx, federation, c); err != nil && ctx.Err() == nil {
			log.Printf("cluster %s: writing its status: %v", c.Metadata.Name, err)
		}
	}
}
