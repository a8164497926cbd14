package api

import (
	"fmt"
	"io"
	"mime"
	"net/http"

	"sigs.k8s.io/yaml"
)

const largestBody = 3 << 20

func readAll(r *http.Request) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, largestBody+1))
	if err != nil {
		return nil, badRequest("%v", err)
	}
	if len(raw) > largestBody {
		return nil, &Failure{413, "RequestEntityTooLarge", "the request is too large", nil}
	}
	return raw, nil
}

func mediaType(r *http.Request) string {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return media
}

func unsupported(accepted string) *Failure {
	message := "the body of the request was in an unknown format - accepted media types include: " + accepted
	return &Failure{415, "UnsupportedMediaType", message, nil}
}

// bodyOf reads an object of the resource, JSON or YAML.
func bodyOf(q request) (Object, error) {
	switch mediaType(q.Request) {
	case "", "application/json", "application/yaml":
	default:
		return nil, unsupported("application/json, application/yaml")
	}
	raw, err := readAll(q.Request)
	if err != nil {
		return nil, err
	}
	return decode(q, raw)
}

// decode reads and admits an object; its type, where given, must be the resource's.
func decode(q request, raw []byte) (Object, error) {
	var object Object
	if err := yaml.Unmarshal(raw, &object); err != nil {
		return nil, badRequest("couldn't get version/kind: %v", err)
	}
	if object == nil {
		return nil, badRequest("the body of the request is empty")
	}
	r := q.resource
	if kind, given := object["kind"]; given && kind != r.Kind {
		return nil, badRequest("%v in version %q cannot be handled as a %s", kind, r.Version, r.Kind)
	}
	if version, given := object["apiVersion"]; given && version != r.groupVersion() {
		return nil, badRequest("the API version in the data (%v) does not match the expected API version (%s)",
			version, r.groupVersion())
	}
	delete(object, "kind")
	delete(object, "apiVersion")
	meta, err := metaOf(object)
	if err == nil {
		object = withMeta(object, meta)
		if r.Admit != nil {
			object, err = r.Admit(object)
		}
	}
	if err != nil {
		return nil, badRequest("%s in version %q cannot be handled as a %s: %v", r.Kind, r.Version, r.Kind, err)
	}
	if meta.Namespace != "" && meta.Namespace != q.namespace {
		return nil, badRequest("the namespace of the provided object does not match the namespace sent on the request")
	}
	return object, nil
}

func matchName(q request, name string) error {
	if name != "" && name != q.name {
		return badRequest("%s", fmt.Sprintf("the name of the object (%s) does not match the name on the URL (%s)", name, q.name))
	}
	return nil
}
