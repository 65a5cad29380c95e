package viewrahost

import "context"

// Report tells the operator how far a task is: done of total units, 0 for a total that is unknown.
func (h *Host) Report(ctx context.Context, task string, done, total float64, text string) error {
	arguments := map[string]any{"name": task, "done": done, "text": text}
	if total > 0 {
		arguments["total"] = total
	}
	_, err := h.Call(ctx, "progress.report", arguments, nil, nil)
	return err
}

// ReportEnd says that a task has ended: it is no longer shown.
func (h *Host) ReportEnd(ctx context.Context, task string) error {
	_, err := h.Call(ctx, "progress.end", map[string]any{"name": task}, nil, nil)
	return err
}

// The levels of messages to the operator.
const (
	Info    = "info"
	Warning = "warning"
	Problem = "error"
)

// Notify sends the operator a message; it replaces an earlier one with the same key, unless that is empty.
func (h *Host) Notify(ctx context.Context, level, text, key string) error {
	_, err := h.Call(ctx, "notify.send", map[string]any{"text": text, "level": level, "key": key}, nil, nil)
	return err
}

// Withdraw removes the message with this key.
func (h *Host) Withdraw(ctx context.Context, key string) error {
	_, err := h.Call(ctx, "notify.withdraw", map[string]any{"key": key}, nil, nil)
	return err
}
