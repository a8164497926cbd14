//go:build tools

// Package tools pins the Temporal CLI, whose dev server the sandbox runs.
package tools

import _ "github.com/temporalio/cli/cmd/temporal"
