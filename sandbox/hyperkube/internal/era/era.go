// Package era knows which release's flags a binary has to take: the stand-in plays more than one.
package era

import (
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/spf13/pflag"
)

// gitVersions is what /version answers, by the name that the binary was called by.
var gitVersions = map[string]string{"hyperkube": "v1.4.0-standin", "fcp": "v1.9.0-standin"}

// Era is the release that the binary plays. The guide's hyperkube has --admission-control and
// --service-cluster-ip-range; the last one, called fcp, has --enable-admission-plugins instead.
type Era struct {
	Binary string
	Late   bool
}

// Of reads the era from the name that the binary was called by.
func Of(binary string) Era {
	if binary == "fcp" {
		return Era{Binary: "fcp", Late: true}
	}
	return Era{Binary: "hyperkube"}
}

// Version is the gitVersion of the era; it says that this is a stand-in.
func (e Era) Version() string { return gitVersions[e.Binary] }

// Minor is the second number of the version.
func (e Era) Minor() string { return strings.Split(e.Version(), ".")[1] }

// Fatal is a setting with which the real server ends by glog.Fatal, exit code 255.
type Fatal string

func (f Fatal) Error() string { return string(f) }

// Parse takes the flags of one server: an unknown flag is an error, the logging flags of glog are taken and ignored.
func Parse(flags *pflag.FlagSet, args, ignored []string) error {
	flags.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		return pflag.NormalizedName(strings.ReplaceAll(name, "_", "-"))
	})
	logging := []string{"v", "vmodule", "stderrthreshold", "log-dir", "log-backtrace-at", "log-flush-frequency"}
	for _, name := range append(logging, ignored...) {
		flags.String(name, "", "accepted, has no effect here")
	}
	for _, name := range []string{"logtostderr", "alsologtostderr"} {
		flags.Bool(name, true, "accepted, has no effect here")
	}
	flags.SetOutput(os.Stdout)
	flags.SortFlags = true
	if err := flags.Parse(args); err != nil {
		return err
	}
	if rest := flags.Args(); len(rest) > 0 {
		return fmt.Errorf("unknown command %q for %q", rest[0], flags.Name())
	}
	return nil
}

// Announce writes the first line of a server's log.
func Announce(e Era, server string) {
	log.SetFlags(log.LstdFlags | log.Lmicroseconds | log.LUTC)
	log.Printf("starting %s %s, a stand-in for Federation v1", server, e.Version())
}
