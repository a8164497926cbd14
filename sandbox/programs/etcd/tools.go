//go:build tools

// Package tools pins the etcd server behind every API server of the sandbox.
package tools

import _ "go.etcd.io/etcd/server/v3"
