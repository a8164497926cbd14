package controller

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// defaultAccount is where the kubelet puts a pod's token and CA.
const defaultAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

// host is the cluster that the pod runs in, and the namespace of the members' Secrets.
type host struct {
	api       *connection
	namespace string
}

// inCluster reads where the host is. STANDIN_SERVICE_ACCOUNT_DIR is for running it outside of a pod, in tests.
func inCluster() (*host, error) {
	address, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
	if address == "" || port == "" {
		return nil, errors.New("unable to load in-cluster configuration, " +
			"KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined")
	}
	namespace := os.Getenv("POD_NAMESPACE")
	if namespace == "" {
		return nil, errors.New("unexpected: POD_NAMESPACE env var returned empty string")
	}
	folder := os.Getenv("STANDIN_SERVICE_ACCOUNT_DIR")
	if folder == "" {
		folder = defaultAccount
	}
	ca, err := os.ReadFile(filepath.Join(folder, "ca.crt"))
	if err != nil {
		return nil, err
	}
	server := "https://" + net.JoinHostPort(address, port)
	api, err := dial(access{server: server, ca: ca, readTokenFrom: filepath.Join(folder, "token")})
	return &host{api: api, namespace: namespace}, err
}

// secret reads the data of one Secret. Errors: answerError.
func (h *host) secret(ctx context.Context, name string) (map[string][]byte, error) {
	raw, err := h.api.call(ctx, http.MethodGet, "/api/v1/namespaces/"+h.namespace+"/secrets/"+name, nil)
	if err != nil {
		return nil, err
	}
	var found struct {
		Data map[string]string `json:"data"`
	}
	if err := json.Unmarshal(raw, &found); err != nil {
		return nil, errors.New("the Secret is no JSON")
	}
	data := map[string][]byte{}
	for key, value := range found.Data {
		if data[key], err = base64.StdEncoding.DecodeString(value); err != nil {
			return nil, fmt.Errorf("the Secret's key %s is no base64", key)
		}
	}
	return data, nil
}

// hostIP is the address by which a member's clientCIDR is chosen: that of the interface of the default route, else the
// first that is no loopback.
func hostIP() net.IP {
	if name := defaultInterface(); name != "" {
		if device, err := net.InterfaceByName(name); err == nil {
			addresses, _ := device.Addrs()
			if ip := firstIPv4(addresses); ip != nil {
				return ip
			}
		}
	}
	addresses, _ := net.InterfaceAddrs()
	if ip := firstIPv4(addresses); ip != nil {
		return ip
	}
	return net.IPv4(127, 0, 0, 1)
}

func firstIPv4(addresses []net.Addr) net.IP {
	for _, address := range addresses {
		if network, ok := address.(*net.IPNet); ok && network.IP.IsGlobalUnicast() && network.IP.To4() != nil {
			return network.IP
		}
	}
	return nil
}

// defaultInterface reads the routes of the kernel: columns are interface, destination, gateway, flags and more.
func defaultInterface() string {
	raw, err := os.ReadFile("/proc/net/route")
	if err != nil {
		return ""
	}
	for _, line := range strings.Split(string(raw), "\n") {
		columns := strings.Fields(line)
		if len(columns) < 4 {
			continue
		}
		destination, err := hex.DecodeString(columns[1])
		if err == nil && len(destination) == 4 && binary.LittleEndian.Uint32(destination) == 0 {
			return columns[0]
		}
	}
	return ""
}
