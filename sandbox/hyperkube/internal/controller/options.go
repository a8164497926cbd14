package controller

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"fedctl.example/hyperkube/internal/era"

	"github.com/spf13/pflag"
)

type options struct {
	master, kubeconfig       string
	provider, providerConfig string
	federation, zone         string
	period                   time.Duration
	controllers              map[string]string
	address                  net.IP
	port                     int
}

var providers = []string{"azure-azuredns", "aws-route53", "coredns", "google-clouddns"}

// ignored are flags of the real server that change nothing here.
var ignored = []string{
	"concurrent-service-syncs", "concurrent-replicaset-syncs", "concurrent-job-syncs", "contention-profiling",
	"federation-api-burst", "federation-api-content-type", "federation-api-qps", "federation-only-namespace",
	"hpa-scale-forbidden-window", "leader-elect-lease-duration", "leader-elect-renew-deadline",
	"leader-elect-resource-lock", "leader-elect-retry-period", "service-dns-suffix", "zone-id",
}

func parse(args []string) (options, error) {
	var o options
	flags := pflag.NewFlagSet("federation-controller-manager", pflag.ContinueOnError)
	flags.StringVar(&o.master, "master", "", "address of the federation API; overrides the kubeconfig's")
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "credentials for the federation API; "+
		"without it, the Secret "+federationSecret+" of the host is read")
	flags.StringVar(&o.provider, "dns-provider", "", "one of "+strings.Join(providers, ", "))
	flags.StringVar(&o.providerConfig, "dns-provider-config", "", "file with the DNS provider's settings")
	flags.StringVar(&o.federation, "federation-name", "", "name of the federation")
	flags.StringVar(&o.zone, "zone-name", "", "DNS zone of the federation")
	flags.DurationVar(&o.period, "cluster-monitor-period", 40*time.Second, "time between two probes of a cluster")
	flags.StringToStringVar(&o.controllers, "controllers", nil, "controllers to switch on or off: name=true|false")
	flags.IPVar(&o.address, "address", net.IPv4zero, "address of /healthz and /metrics")
	flags.IntVar(&o.port, "port", 10253, "port of /healthz and /metrics")
	flags.Bool("leader-elect", false, "accepted, has no effect here")
	flags.Bool("profiling", true, "accepted, has no effect here")
	if err := era.Parse(flags, args, ignored); err != nil {
		return o, err
	}
	for name, value := range o.controllers {
		if value != "true" && value != "false" {
			return o, fmt.Errorf("invalid argument %q for --controllers: %s is neither true nor false", value, name)
		}
	}
	if o.period <= 0 {
		return o, fmt.Errorf("--cluster-monitor-period must be positive")
	}
	return o, nil
}

// checkDNS ends as the real service controller does when it cannot have its DNS provider.
func (o options) checkDNS() error {
	if o.controllers["service-dns"] == "false" {
		return nil
	}
	switch {
	case o.provider == "":
		return era.Fatal("DNS provider should not be empty: DNSController should not be run without a dnsprovider")
	case !slices.Contains(providers, o.provider):
		return era.Fatal(fmt.Sprintf("Cloud provider could not be initialized: unknown DNS provider %q", o.provider))
	case o.federation == "":
		return era.Fatal("DNSController should not be run without federationName")
	case o.zone == "":
		return era.Fatal("DNSController must be run with either zoneName or zoneID")
	}
	return nil
}
