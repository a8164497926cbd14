// Command hyperkube is a stand-in for the control plane of Federation v1: enough of federation-apiserver and
// federation-controller-manager to turn a federation up for real, with the real one's awkward behaviours.
// It federates no workloads and writes no DNS records.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"fedctl.example/hyperkube/internal/apiserver"
	"fedctl.example/hyperkube/internal/controller"
	"fedctl.example/hyperkube/internal/era"

	"github.com/spf13/pflag"
)

type server struct {
	name, story string
	run         func(ctx context.Context, e era.Era, args []string) error
}

var servers = []server{
	{"federation-apiserver", "serves federation/v1beta1 over TLS and keeps it in etcd", apiserver.Main},
	{"federation-controller-manager", "probes member clusters and writes their conditions", controller.Main},
}

func usage(out io.Writer, e era.Era) {
	fmt.Fprintf(out, "%s %s: a stand-in for the Federation v1 control plane\n\nUsage:\n  %s <server> [flags]\n\nServers:\n",
		e.Binary, e.Version(), e.Binary)
	for _, s := range servers {
		fmt.Fprintf(out, "  %-30s %s\n", s.name, s.story)
	}
	fmt.Fprintln(out, "\n'<server> --help' lists its flags.")
}

func main() {
	e := era.Of(filepath.Base(os.Args[0]))
	if len(os.Args) < 2 {
		usage(os.Stderr, e)
		os.Exit(1)
	}
	switch os.Args[1] {
	case "--help", "-h", "help":
		usage(os.Stdout, e)
		return
	case "--version":
		fmt.Println("Kubernetes", e.Version())
		return
	}
	for _, s := range servers {
		if s.name == os.Args[1] {
			os.Exit(runServer(e, s, os.Args[2:]))
		}
	}
	fmt.Fprintf(os.Stderr, "%s: unknown server %q\n", e.Binary, os.Args[1])
	usage(os.Stderr, e)
	os.Exit(1)
}

// runServer answers the exit code: 1 for a refused flag or a server that could not go on, 255 for a fatal setting.
func runServer(e era.Era, s server, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	err := s.run(ctx, e, args)
	var fatal era.Fatal
	switch {
	case err == nil, errors.Is(err, pflag.ErrHelp):
		return 0
	case errors.As(err, &fatal):
		fmt.Fprintln(os.Stderr, "F", fatal.Error())
		return 255
	default:
		fmt.Fprintln(os.Stderr, "Error:", err)
		return 1
	}
}
