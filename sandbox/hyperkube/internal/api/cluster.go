package api

import (
	"fmt"
	"net"
)

// Cluster is what federation/v1beta1 keeps of a member besides its metadata.
type Cluster struct {
	Spec   ClusterSpec   `json:"spec"`
	Status ClusterStatus `json:"status"`
}

// ClusterSpec says where a member is and which Secret of the host holds the credentials for it.
type ClusterSpec struct {
	ServerAddressByClientCIDRs []ServerAddress  `json:"serverAddressByClientCIDRs"`
	SecretRef                  *SecretReference `json:"secretRef,omitempty"`
}

// ServerAddress is the address for clients of one range of addresses.
type ServerAddress struct {
	ClientCIDR    string `json:"clientCIDR"`
	ServerAddress string `json:"serverAddress"`
}

// SecretReference names a Secret in the namespace of the controller manager.
type SecretReference struct {
	Name string `json:"name,omitempty"`
}

// ClusterStatus is what the controller manager found.
type ClusterStatus struct {
	Conditions []ClusterCondition `json:"conditions,omitempty"`
	Zones      []string           `json:"zones,omitempty"`
	Region     string             `json:"region,omitempty"`
}

// ClusterCondition is one of Ready and Offline.
type ClusterCondition struct {
	Type               string `json:"type"`
	Status             string `json:"status"`
	LastProbeTime      string `json:"lastProbeTime,omitempty"`
	LastTransitionTime string `json:"lastTransitionTime,omitempty"`
	Reason             string `json:"reason,omitempty"`
	Message            string `json:"message,omitempty"`
}

// admitCluster drops fields that the type has not, and refuses those of another type.
func admitCluster(object Object) (Object, error) {
	var cluster Cluster
	if err := convert(object, &cluster); err != nil {
		return nil, err
	}
	var plain Object
	if err := convert(cluster, &plain); err != nil {
		return nil, err
	}
	if cluster.Spec.ServerAddressByClientCIDRs == nil {
		delete(plain["spec"].(Object), "serverAddressByClientCIDRs")
	}
	plain["metadata"] = object["metadata"]
	return plain, nil
}

func checkCluster(object Object) []Cause {
	var cluster Cluster
	_ = convert(object, &cluster)
	const field = "spec.serverAddressByClientCIDRs"
	if len(cluster.Spec.ServerAddressByClientCIDRs) == 0 {
		return []Cause{required(field, "")}
	}
	var causes []Cause
	for i, address := range cluster.Spec.ServerAddressByClientCIDRs {
		if _, _, err := net.ParseCIDR(address.ClientCIDR); err != nil {
			at := fmt.Sprintf("%s[%d].clientCIDR", field, i)
			causes = append(causes, invalidValue(at, address.ClientCIDR, "must be a valid CIDR: "+err.Error()))
		}
	}
	return causes
}
