package viewrahost

import (
	"context"
	"encoding/json"

	"viewra.example/viewrapb"

	"google.golang.org/grpc"
)

// Event is news: its Data is JSON. Source is the plugin that published it, "" for the host; PublishedAt is in
// microseconds since the epoch. Dropped counts the events before it that this plugin was too slow for.
type Event struct {
	Name, Source string
	Data         []byte
	PublishedAt  int64
	Dropped      uint32
}

// Decode puts the event's data into what into points to.
func (e *Event) Decode(into any) error { return json.Unmarshal(e.Data, into) }

// Publish tells other plugins that subscribe to the name; names that begin with this plugin's id need no permission.
// Data becomes JSON of at most 64 KiB.
func (h *Host) Publish(ctx context.Context, name string, data any) error {
	_, err := h.Call(ctx, "events.publish", map[string]any{"name": name, "data": data}, nil, nil)
	return err
}

type eventServer struct {
	viewrapb.UnimplementedEventServiceServer
	hear func(context.Context, *Event) error
}

// ServeEvents has hear called for each event, one after the other; the host only logs an error.
func ServeEvents(server grpc.ServiceRegistrar, hear func(context.Context, *Event) error) {
	viewrapb.RegisterEventServiceServer(server, &eventServer{hear: hear})
}

// OnEvent tells the plugin of one event.
func (s *eventServer) OnEvent(ctx context.Context, message *viewrapb.Event) (*viewrapb.OnEventResponse, error) {
	err := s.hear(ctx, &Event{
		Name: message.GetName(), Source: message.GetSource(), Data: message.GetData(),
		PublishedAt: message.GetPublishedAt(), Dropped: message.GetDropped(),
	})
	if err != nil {
		return &viewrapb.OnEventResponse{Error: err.Error()}, nil
	}
	return &viewrapb.OnEventResponse{Success: true}, nil
}
