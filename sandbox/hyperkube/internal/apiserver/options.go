package apiserver

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"fedctl.example/hyperkube/internal/era"

	"github.com/spf13/pflag"
)

type options struct {
	bind, advertise       net.IP
	port                  int
	etcd                  []string
	etcdPrefix            string
	serviceRange          string
	admission             []string
	clientCA, tokens      string
	basic, cert, certKey  string
	etcdCA, etcdC, etcdKy string
}

// ignored are flags of the real server that change nothing here.
var ignored = []string{
	"allow-privileged", "anonymous-auth", "audit-log-path", "authorization-mode", "cert-dir", "cors-allowed-origins",
	"delete-collection-workers", "event-ttl", "external-hostname", "insecure-bind-address", "insecure-port",
	"max-requests-inflight", "min-request-timeout", "profiling", "request-timeout", "runtime-config", "storage-backend",
	"storage-media-type", "tls-ca-file", "watch-cache", "watch-cache-sizes",
}

func parse(e era.Era, args []string) (options, error) {
	var o options
	flags := pflag.NewFlagSet("federation-apiserver", pflag.ContinueOnError)
	flags.IPVar(&o.bind, "bind-address", net.IPv4zero, "address to listen on")
	flags.IPVar(&o.advertise, "advertise-address", nil, "address that clients use")
	flags.IntVar(&o.port, "secure-port", 6443, "port of HTTPS")
	flags.StringSliceVar(&o.etcd, "etcd-servers", nil, "URLs of etcd")
	flags.StringVar(&o.etcdPrefix, "etcd-prefix", "/registry", "prefix of all keys in etcd")
	flags.StringVar(&o.etcdCA, "etcd-cafile", "", "CA of etcd (not supported by the stand-in)")
	flags.StringVar(&o.etcdC, "etcd-certfile", "", "client certificate for etcd (not supported by the stand-in)")
	flags.StringVar(&o.etcdKy, "etcd-keyfile", "", "client key for etcd (not supported by the stand-in)")
	flags.StringVar(&o.clientCA, "client-ca-file", "", "CA of client certificates")
	flags.StringVar(&o.cert, "tls-cert-file", "", "certificate of the server; without it one is made at each start")
	flags.StringVar(&o.certKey, "tls-private-key-file", "", "key of --tls-cert-file")
	flags.StringVar(&o.tokens, "token-auth-file", "", "CSV: token,user,uid,\"groups\"")
	flags.StringVar(&o.basic, "basic-auth-file", "", "CSV: password,user,uid")
	if e.Late {
		flags.StringSliceVar(&o.admission, "enable-admission-plugins", nil, "admission plugins")
		flags.StringSlice("disable-admission-plugins", nil, "accepted, has no effect here")
	} else {
		flags.StringSliceVar(&o.admission, "admission-control", []string{"AlwaysAdmit"}, "admission plugins")
		flags.StringVar(&o.serviceRange, "service-cluster-ip-range", "", "CIDR of service addresses")
	}
	if err := era.Parse(flags, args, ignored); err != nil {
		return o, err
	}
	return o, o.check()
}

func (o options) check() error {
	if len(o.etcd) == 0 {
		return fmt.Errorf("--etcd-servers must be specified")
	}
	if o.etcdCA+o.etcdC+o.etcdKy != "" {
		return fmt.Errorf("--etcd-cafile, --etcd-certfile and --etcd-keyfile: the stand-in speaks plain HTTP to etcd only")
	}
	if (o.cert == "") != (o.certKey == "") {
		return fmt.Errorf("--tls-cert-file and --tls-private-key-file belong together")
	}
	if o.serviceRange != "" {
		if _, _, err := net.ParseCIDR(o.serviceRange); err != nil {
			return fmt.Errorf("--service-cluster-ip-range: %w", err)
		}
	}
	for _, name := range o.admission {
		if !slices.Contains([]string{"AlwaysAdmit", "NamespaceLifecycle", ""}, strings.TrimSpace(name)) {
			return fmt.Errorf("unknown admission plugin: %s", name)
		}
	}
	return nil
}
