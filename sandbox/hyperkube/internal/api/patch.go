package api

import (
	"encoding/json"
	"net/http"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
)

const (
	jsonPatch      = "application/json-patch+json"
	mergePatch     = "application/merge-patch+json"
	strategicPatch = "application/strategic-merge-patch+json"
)

// patch takes the three kinds of patches of that time; server-side apply is an unknown format to it.
func (s *Server) patch(w http.ResponseWriter, q request) error {
	media := mediaType(q.Request)
	if media != jsonPatch && media != mergePatch && media != strategicPatch {
		return unsupported(jsonPatch + ", " + mergePatch + ", " + strategicPatch)
	}
	patch, err := readAll(q.Request)
	if err != nil {
		return err
	}
	return s.change(w, q, true, func(old Object) (Object, error) {
		before, err := json.Marshal(old)
		if err != nil {
			return nil, err
		}
		after, err := applyPatch(q.resource, media, before, patch)
		if err != nil {
			return nil, err
		}
		wanted, err := decode(q, after)
		if err != nil {
			return nil, err
		}
		return wanted, matchName(q, mustMeta(wanted).Name)
	})
}

func applyPatch(r *Resource, media string, before, patch []byte) ([]byte, error) {
	switch media {
	case jsonPatch:
		operations, err := jsonpatch.DecodePatch(patch)
		if err != nil {
			return nil, badRequest("%v", err)
		}
		after, err := operations.Apply(before)
		if err != nil {
			return nil, &Failure{422, "Invalid", "the server rejected our request due to an error in our request: " + err.Error(), nil}
		}
		return after, nil
	case mergePatch:
		after, err := jsonpatch.MergePatch(before, patch)
		if err != nil {
			return nil, badRequest("%v", err)
		}
		return after, nil
	}
	var old, change Object
	if err := json.Unmarshal(before, &old); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(patch, &change); err != nil {
		return nil, badRequest("%v", err)
	}
	return json.Marshal(mergeStrategic(r.MergeKeys, old, change))
}

// mergeStrategic merges maps as a merge patch does, and the lists in `keys` item by item.
func mergeStrategic(keys map[string]string, old, change Object) Object {
	switch change["$patch"] {
	case "delete":
		return Object{}
	case "replace":
		delete(change, "$patch")
		return change
	}
	merged := Object{}
	for name, value := range old {
		merged[name] = value
	}
	for name, value := range change {
		switch wanted := value.(type) {
		case nil:
			delete(merged, name)
		case Object:
			before, _ := merged[name].(Object)
			merged[name] = mergeStrategic(keys, before, wanted)
		case []any:
			merged[name] = mergeList(keys, name, merged[name], wanted)
		default:
			if name[0] != '$' {
				merged[name] = value
			}
		}
	}
	return merged
}

func mergeList(keys map[string]string, name string, old any, change []any) any {
	key, merges := keys[name]
	before, _ := old.([]any)
	if !merges {
		return change
	}
	merged := append([]any{}, before...)
	for _, item := range change {
		wanted, isObject := item.(Object)
		if !isObject {
			return change
		}
		at := indexOf(merged, key, wanted[key])
		switch {
		case wanted["$patch"] == "delete" && at >= 0:
			merged = append(merged[:at], merged[at+1:]...)
		case wanted["$patch"] == "delete":
		case at >= 0:
			merged[at] = mergeStrategic(keys, merged[at].(Object), wanted)
		default:
			merged = append(merged, wanted)
		}
	}
	return merged
}

func indexOf(items []any, key string, value any) int {
	for i, item := range items {
		if object, ok := item.(Object); ok && object[key] == value {
			return i
		}
	}
	return -1
}
