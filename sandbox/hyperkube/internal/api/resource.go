package api

// Resource is one kind that is served.
type Resource struct {
	Group, Version         string
	Plural, Singular, Kind string
	ShortNames             []string
	Namespaced             bool
	// HasStatus: status is written through /status only.
	HasStatus bool
	// Admit brings an object into the form that is stored. Nil takes it as it is.
	Admit func(object Object) (Object, error)
	// Check answers what is wrong with an object. Nil finds nothing wrong.
	Check func(object Object) []Cause
	// NameIs answers why a name cannot be one; "" when it can.
	NameIs func(name string) string
	// MergeKeys are the lists that a strategic patch merges, and the field that tells their items apart.
	MergeKeys map[string]string
}

// Resources are all that this stand-in serves; only clusters has a meaning of its own.
var Resources = []*Resource{
	{
		Group: "federation", Version: "v1beta1", Plural: "clusters", Singular: "cluster", Kind: "Cluster",
		HasStatus: true, Admit: admitCluster, Check: checkCluster, NameIs: label1035,
		MergeKeys: map[string]string{"serverAddressByClientCIDRs": "clientCIDR"},
	},
	{
		Version: "v1", Plural: "namespaces", Singular: "namespace", Kind: "Namespace", ShortNames: []string{"ns"},
		Admit: admitNamespace, NameIs: label1123,
	},
	core("secrets", "secret", "Secret", nil, admitSecret),
	core("configmaps", "configmap", "ConfigMap", []string{"cm"}, nil),
	core("services", "service", "Service", []string{"svc"}, nil),
	core("events", "event", "Event", []string{"ev"}, nil),
}

func core(plural, singular, kind string, short []string, admit func(Object) (Object, error)) *Resource {
	return &Resource{
		Version: "v1", Plural: plural, Singular: singular, Kind: kind, ShortNames: short,
		Namespaced: true, Admit: admit, NameIs: subdomain1123,
	}
}

func (r *Resource) groupVersion() string {
	if r.Group == "" {
		return r.Version
	}
	return r.Group + "/" + r.Version
}

// qualified is the name in messages: `clusters.federation`.
func (r *Resource) qualified() string {
	if r.Group == "" {
		return r.Plural
	}
	return r.Plural + "." + r.Group
}

func (r *Resource) root() string {
	if r.Group == "" {
		return "/api/" + r.Version
	}
	return "/apis/" + r.groupVersion()
}

func (r *Resource) path(namespace string) string {
	if r.Namespaced && namespace != "" {
		return r.root() + "/namespaces/" + namespace + "/" + r.Plural
	}
	return r.root() + "/" + r.Plural
}

// folder is where objects lie in the store; every namespace for "".
func (r *Resource) folder(namespace string) string {
	if r.Namespaced && namespace != "" {
		return r.Plural + "/" + namespace + "/"
	}
	return r.Plural + "/"
}

func (r *Resource) verbs() []string {
	return []string{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}
}

func find(group, version, plural string) *Resource {
	for _, r := range Resources {
		if r.Group == group && r.Version == version && r.Plural == plural {
			return r
		}
	}
	return nil
}
