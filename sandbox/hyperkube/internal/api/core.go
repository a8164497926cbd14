package api

import (
	"encoding/base64"
	"fmt"
	"regexp"
)

func admitNamespace(object Object) (Object, error) {
	object["spec"] = Object{"finalizers": []any{"kubernetes"}}
	object["status"] = Object{"phase": "Active"}
	return object, nil
}

// admitSecret moves stringData into data and refuses data that is no base64.
func admitSecret(object Object) (Object, error) {
	var secret struct {
		Data       map[string]string `json:"data"`
		StringData map[string]string `json:"stringData"`
		Type       string            `json:"type"`
	}
	if err := convert(object, &secret); err != nil {
		return nil, err
	}
	data := Object{}
	for key, value := range secret.Data {
		if _, err := base64.StdEncoding.DecodeString(value); err != nil {
			return nil, fmt.Errorf("data[%s] is no base64", key)
		}
		data[key] = value
	}
	for key, value := range secret.StringData {
		data[key] = base64.StdEncoding.EncodeToString([]byte(value))
	}
	delete(object, "stringData")
	object["data"] = data
	if secret.Type == "" {
		object["type"] = "Opaque"
	}
	return object, nil
}

const (
	part1123 = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
	part1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
)

var (
	is1123      = regexp.MustCompile("^" + part1123 + "$")
	is1035      = regexp.MustCompile("^" + part1035 + "$")
	isSubdomain = regexp.MustCompile("^" + part1123 + `(\.` + part1123 + ")*$")
)

func nameRule(pattern *regexp.Regexp, limit int, rule string) func(string) string {
	return func(name string) string {
		if len(name) > limit {
			return fmt.Sprintf("must be no more than %d characters", limit)
		}
		if !pattern.MatchString(name) {
			return rule
		}
		return ""
	}
}

var (
	label1035 = nameRule(is1035, 63, "a DNS-1035 label must consist of lower case alphanumeric characters or '-', "+
		"start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "+
		"regex used for validation is '"+part1035+"')")
	label1123 = nameRule(is1123, 63, "a DNS-1123 label must consist of lower case alphanumeric characters or '-', "+
		"and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', "+
		"regex used for validation is '"+part1123+"')")
	subdomain1123 = nameRule(isSubdomain, 253, "a DNS-1123 subdomain must consist of lower case alphanumeric characters, "+
		"'-' or '.', and must start and end with an alphanumeric character")
)
