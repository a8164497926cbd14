// A wget that is just what `fedctl check --in-cluster` asks of one: busybox's own, linked statically, fails at TLS.
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

func main() {
	flag.Bool("q", false, "quiet: it is")
	flag.String("O", "-", "where to write: stdout only")
	trusting := flag.Bool("no-check-certificate", false, "trust any certificate")
	seconds := flag.Int("T", 5, "seconds to wait")
	flag.Parse()
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: *trusting}}
	client := &http.Client{Timeout: time.Duration(*seconds) * time.Second, Transport: transport}
	answer, err := client.Get(flag.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, "wget:", err)
		os.Exit(1)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		fmt.Fprintln(os.Stderr, "wget: server returned error: HTTP/1.1", answer.Status)
		os.Exit(1)
	}
	io.Copy(os.Stdout, answer.Body)
}
