package viewrahost

import "context"

// Found is what this plugin found about a file: by field a string, or several as []string. The names and forms of fields
// are those of viewra's vocabulary.
type Found struct {
	MediaFileID int64          `json:"id"`
	Metadata    map[string]any `json:"metadata"`
}

// PutMetadata says this of files, in place of what this plugin has put of them before; it needs the permission
// library:write. A call has 1 to 100 files, and stores all or nothing.
func (h *Host) PutMetadata(ctx context.Context, files ...Found) error {
	_, err := h.Call(ctx, "metadata.put", map[string]any{"files": files}, nil, nil)
	return err
}
