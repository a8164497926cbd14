package controller

import (
	"encoding/base64"
	"errors"
	"os"

	"sigs.k8s.io/yaml"
)

type kubeconfig struct {
	CurrentContext string `json:"current-context"`
	Contexts       []struct {
		Name    string `json:"name"`
		Context struct {
			Cluster string `json:"cluster"`
			User    string `json:"user"`
		} `json:"context"`
	} `json:"contexts"`
	Clusters []struct {
		Name    string `json:"name"`
		Cluster struct {
			Server     string `json:"server"`
			CA         string `json:"certificate-authority-data"`
			CAFile     string `json:"certificate-authority"`
			Insecure   bool   `json:"insecure-skip-tls-verify"`
			ServerName string `json:"tls-server-name"`
		} `json:"cluster"`
	} `json:"clusters"`
	Users []struct {
		Name string `json:"name"`
		User struct {
			Token     string `json:"token"`
			TokenFile string `json:"tokenFile"`
			Cert      string `json:"client-certificate-data"`
			CertFile  string `json:"client-certificate"`
			Key       string `json:"client-key-data"`
			KeyFile   string `json:"client-key"`
			Username  string `json:"username"`
			Password  string `json:"password"`
		} `json:"user"`
	} `json:"users"`
}

// accessOf reads the current context of a kubeconfig. Errors never repeat what is in it.
func accessOf(raw []byte) (access, error) {
	var config kubeconfig
	var a access
	if err := yaml.Unmarshal(raw, &config); err != nil {
		return a, errors.New("the kubeconfig is no YAML of that kind")
	}
	for _, context := range config.Contexts {
		if context.Name == config.CurrentContext {
			return config.access(context.Context.Cluster, context.Context.User)
		}
	}
	return a, errors.New("the kubeconfig's current-context names no context of it")
}

func (k kubeconfig) access(cluster, user string) (access, error) {
	var a access
	var wrong []error
	for _, c := range k.Clusters {
		if c.Name == cluster {
			a.server, a.insecure, a.serverName = c.Cluster.Server, c.Cluster.Insecure, c.Cluster.ServerName
			a.ca = material(&wrong, c.Cluster.CA, c.Cluster.CAFile)
		}
	}
	for _, u := range k.Users {
		if u.Name == user {
			a.token, a.readTokenFrom, a.user, a.pass = u.User.Token, u.User.TokenFile, u.User.Username, u.User.Password
			a.cert = material(&wrong, u.User.Cert, u.User.CertFile)
			a.key = material(&wrong, u.User.Key, u.User.KeyFile)
		}
	}
	return a, errors.Join(wrong...)
}

func material(wrong *[]error, inline, file string) []byte {
	if inline == "" && file == "" {
		return nil
	}
	if inline == "" {
		raw, err := os.ReadFile(file)
		if err != nil {
			*wrong = append(*wrong, err)
		}
		return raw
	}
	raw, err := base64.StdEncoding.DecodeString(inline)
	if err != nil {
		*wrong = append(*wrong, errors.New("the kubeconfig holds data that is no base64"))
	}
	return raw
}
