package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Failure is an answer other than success: the kind Status of the API.
type Failure struct {
	Code    int
	Reason  string
	Message string
	Details map[string]any
}

func (f *Failure) Error() string { return f.Message }

func (f *Failure) status() Object {
	status := Object{
		"kind": "Status", "apiVersion": "v1", "metadata": Object{}, "status": "Failure",
		"message": f.Message, "reason": f.Reason, "code": f.Code,
	}
	if f.Details != nil {
		status["details"] = f.Details
	}
	return status
}

func details(r *Resource, name string) map[string]any {
	found := map[string]any{"name": name, "kind": r.Plural}
	if r.Group != "" {
		found["group"] = r.Group
	}
	return found
}

func notFound(r *Resource, name string) *Failure {
	return &Failure{404, "NotFound", fmt.Sprintf("%s %q not found", r.qualified(), name), details(r, name)}
}

func alreadyExists(r *Resource, name string) *Failure {
	return &Failure{409, "AlreadyExists", fmt.Sprintf("%s %q already exists", r.qualified(), name), details(r, name)}
}

func conflict(r *Resource, name, why string) *Failure {
	message := fmt.Sprintf("Operation cannot be fulfilled on %s %q: %s", r.qualified(), name, why)
	return &Failure{409, "Conflict", message, details(r, name)}
}

const changed = "the object has been modified; please apply your changes to the latest version and try again"

func badRequest(format string, args ...any) *Failure {
	return &Failure{400, "BadRequest", fmt.Sprintf(format, args...), nil}
}

func internal(err error) *Failure {
	return &Failure{500, "InternalError", "Internal error occurred: " + err.Error(), nil}
}

func notAllowed(verb string) *Failure {
	return &Failure{405, "MethodNotAllowed", "the server does not allow this method on the requested resource: " + verb, nil}
}

// Cause is one field that validation refuses.
type Cause struct {
	Field, Reason, Message string
}

func required(field, why string) Cause {
	message := "Required value"
	if why != "" {
		message += ": " + why
	}
	return Cause{field, "FieldValueRequired", message}
}

func invalidValue(field, value, why string) Cause {
	return Cause{field, "FieldValueInvalid", fmt.Sprintf("Invalid value: %q: %s", value, why)}
}

func invalid(r *Resource, name string, causes []Cause) *Failure {
	lines, list := make([]string, 0, len(causes)), make([]any, 0, len(causes))
	for _, c := range causes {
		lines = append(lines, c.Field+": "+c.Message)
		list = append(list, map[string]any{"reason": c.Reason, "message": c.Message, "field": c.Field})
	}
	what := strings.Join(lines, ", ")
	if len(lines) > 1 {
		what = "[" + what + "]"
	}
	kind := r.Kind
	if r.Group != "" {
		kind += "." + r.Group
	}
	found := details(r, name)
	found["kind"], found["causes"] = r.Kind, list
	return &Failure{422, "Invalid", fmt.Sprintf("%s %q is invalid: %s", kind, name, what), found}
}

func writeJSON(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}

func writeFailure(w http.ResponseWriter, f *Failure) { writeJSON(w, f.Code, f.status()) }

// Unauthorized answers a request whose credentials are missing or wrong.
func Unauthorized(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Basic realm="kubernetes-master"`)
	writeFailure(w, &Failure{401, "Unauthorized", "Unauthorized", nil})
}
