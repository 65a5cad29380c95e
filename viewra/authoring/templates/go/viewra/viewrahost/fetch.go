package viewrahost

import (
	"context"
	"time"
)

// Request is an HTTP request that the host makes, with the permission network:fetch. {secret:KEY} in a header or in the
// URL is replaced with the secret setting of this key. Fields that are left empty: GET, 30 seconds, 4 MiB (of an asset
// 64 MiB).
type Request struct {
	Method, URL string
	Headers     map[string]string
	Body        []byte
	Timeout     time.Duration
	Retries     int
	MaxBytes    int
}

// Response is the answer, whatever its status. The names of headers are in small letters.
type Response struct {
	Status    int               `json:"status"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      []byte            `json:"-"`
	Size      int64             `json:"size"`
	FromCache bool              `json:"cached"`
	Asset     string            `json:"asset"`
}

// Fetch makes a request; errors are ErrRemote if no answer came, ErrDenied for a host that is not granted, and others.
func (h *Host) Fetch(ctx context.Context, request Request) (*Response, error) {
	return h.fetch(ctx, "fetch.request", 4<<20, request)
}

// FetchAsset stores what it fetches as an asset; of a status that is no success, the body has the error.
func (h *Host) FetchAsset(ctx context.Context, request Request) (*Response, error) {
	return h.fetch(ctx, "fetch.to_asset", 64<<20, request)
}

func (h *Host) fetch(ctx context.Context, method string, most int, request Request) (*Response, error) {
	if request.Method == "" {
		request.Method = "GET"
	}
	if request.Timeout == 0 {
		request.Timeout = 30 * time.Second
	}
	if request.MaxBytes == 0 {
		request.MaxBytes = most
	}
	headers := request.Headers
	if headers == nil {
		headers = map[string]string{}
	}
	ctx, cancel := context.WithTimeout(ctx, request.Timeout+2*time.Second)
	defer cancel()
	response := &Response{}
	body, err := h.Call(ctx, method, map[string]any{
		"method": request.Method, "url": request.URL, "headers": headers, "timeout_s": request.Timeout.Seconds(),
		"retries": request.Retries, "max_bytes": request.MaxBytes,
	}, request.Body, response)
	if err != nil {
		return nil, err
	}
	response.Body = body
	return response, nil
}
