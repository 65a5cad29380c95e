package viewrahost

import (
	"context"
	"encoding/json"
	"time"
)

// Values are a plugin's values by key: of KV or of Cache.
type Values struct {
	host    *Host
	service string
}

// KV has values that the host keeps until they are deleted or expire: 64 MiB and 100,000 keys at most.
func (h *Host) KV() *Values { return &Values{h, "kv"} }

// Cache has values that the host keeps in its memory as long as it has room: 16 MiB.
func (h *Host) Cache() *Values { return &Values{h, "cache"} }

// Value is a stored value. Version differs with each change; ExpiresAt is in microseconds since the epoch, or nil.
type Value struct {
	Data      []byte `json:"-"`
	JSON      bool   `json:"json"`
	Version   int64  `json:"version"`
	ExpiresAt *int64 `json:"expires_at"`
}

// Decode puts a value that was stored as JSON into what into points to.
func (v *Value) Decode(into any) error { return json.Unmarshal(v.Data, into) }

// How says how to store: TTL after which a value expires, 0 for never; with IfVersion only if the key has this version
// now (0: no value).
type How struct {
	TTL       time.Duration
	IfVersion *int64
}

// Get gives the value of a key, nil if there is none.
func (v *Values) Get(ctx context.Context, key string) (*Value, error) {
	var found *Value
	data, err := v.host.Call(ctx, v.service+".get", map[string]any{"key": key}, nil, &found)
	if found != nil {
		found.Data = data
	}
	return found, err
}

// Set stores bytes as they are, and anything else as JSON. It returns the value's version, 0 if IfVersion did not hold.
func (v *Values) Set(ctx context.Context, key string, value any, how How) (int64, error) {
	data, isBytes := value.([]byte)
	if !isBytes {
		text, err := json.Marshal(value)
		if err != nil {
			return 0, &Error{Method: v.service + ".set", Message: err.Error(), kind: ErrInvalid}
		}
		data = text
	}
	arguments := map[string]any{"key": key, "json": !isBytes}
	if how.TTL > 0 {
		arguments["ttl_s"] = how.TTL.Seconds()
	}
	if how.IfVersion != nil {
		arguments["if_version"] = *how.IfVersion
	}
	var version int64
	_, err := v.host.Call(ctx, v.service+".set", arguments, data, &version)
	return version, err
}

// Delete deletes a key, and says whether it was there.
func (v *Values) Delete(ctx context.Context, key string) (bool, error) {
	var deleted bool
	_, err := v.host.Call(ctx, v.service+".delete", map[string]any{"key": key}, nil, &deleted)
	return deleted, err
}

// List gives the keys with a prefix in the order of their bytes, from the one behind after on: 1,000 at most.
func (v *Values) List(ctx context.Context, prefix, after string) ([]string, error) {
	var keys []string
	arguments := map[string]any{"prefix": prefix, "after": after, "limit": 1000}
	_, err := v.host.Call(ctx, v.service+".list", arguments, nil, &keys)
	return keys, err
}
