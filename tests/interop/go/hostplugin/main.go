// A Viewra plugin in Go that asks its host, through package viewrahost.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"viewra.example/pb"
	"viewra.example/viewrahost"
	"viewra.interop/wire"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

type service struct {
	pb.UnimplementedPluginServiceServer
	pb.UnimplementedSearchServiceServer
	host   *viewrahost.Host
	putOff atomic.Bool
}

func (s *service) Initialize(ctx context.Context, _ *pb.InitializeRequest) (*pb.InitializeResponse, error) {
	if _, err := s.host.KV().Set(ctx, "started", true, viewrahost.How{}); err != nil {
		return &pb.InitializeResponse{Error: err.Error()}, nil
	}
	return &pb.InitializeResponse{Success: true}, nil
}

func (*service) Start(context.Context, *pb.StartRequest) (*pb.StartResponse, error) {
	return &pb.StartResponse{Success: true}, nil
}

func (*service) Stop(context.Context, *pb.StopRequest) (*pb.StopResponse, error) {
	return &pb.StopResponse{Success: true}, nil
}

func (*service) Info(context.Context, *pb.InfoRequest) (*pb.InfoResponse, error) {
	return &pb.InfoResponse{Info: &pb.PluginInfo{Id: "asking"}}, nil
}

func (*service) Health(context.Context, *pb.HealthRequest) (*pb.HealthResponse, error) {
	return &pb.HealthResponse{Healthy: true}, nil
}

func (*service) GetSearchCapabilities(
	context.Context, *pb.GetSearchCapabilitiesRequest,
) (*pb.GetSearchCapabilitiesResponse, error) {
	return &pb.GetSearchCapabilitiesResponse{SupportedFields: []string{"do", "url"}}, nil
}

// Search does what the query says, and answers with the outcome as JSON.
func (s *service) Search(ctx context.Context, request *pb.SearchRequest) (*pb.SearchResponse, error) {
	does := map[string]func(context.Context, string) (any, error){
		"values": s.values, "library": s.library, "fetch": s.fetch, "asset": s.asset, "tell": s.tell, "many": s.many,
		"late": s.late, "match": s.match, "tasks": s.tasks, "done": s.done, "publish": s.publish,
	}
	outcome, err := does[request.GetQuery()["do"]](ctx, request.GetQuery()["url"])
	if err != nil {
		return &pb.SearchResponse{Error: err.Error()}, nil
	}
	text, err := json.Marshal(outcome)
	if err != nil {
		return nil, err
	}
	hit := &pb.SearchResult{Id: "1", Title: string(text)}
	return &pb.SearchResponse{Success: true, Results: []*pb.SearchResult{hit}, TotalCount: 1}, nil
}

func (s *service) values(ctx context.Context, _ string) (any, error) {
	kv, none := s.host.KV(), int64(0)
	var started bool
	found, err := kv.Get(ctx, "started")
	if err != nil || found == nil || found.Decode(&started) != nil {
		return nil, fmt.Errorf("%v, %v", found, err)
	}
	_, err1 := kv.Set(ctx, "bytes", []byte{0, 255}, viewrahost.How{TTL: time.Hour})
	refused, err2 := kv.Set(ctx, "bytes", "another", viewrahost.How{IfVersion: &none})
	raw, err3 := kv.Get(ctx, "bytes")
	keys, err4 := kv.List(ctx, "", "")
	deleted, err5 := kv.Delete(ctx, "bytes")
	absent, err6 := s.host.Cache().Get(ctx, "bytes")
	_, err7 := kv.Get(ctx, "")
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		return nil, err
	}
	expires := raw.ExpiresAt != nil && !raw.JSON
	return []any{started, refused, raw.Data, keys, deleted, absent == nil, expires, errors.Is(err7, viewrahost.ErrInvalid)}, nil
}

func (s *service) library(ctx context.Context, _ string) (any, error) {
	libraries, err := s.host.Libraries(ctx)
	if errors.Is(err, viewrahost.ErrDenied) {
		return "denied", nil
	}
	files, err1 := s.host.Files(ctx, viewrahost.Ask{Limit: 1})
	if err := errors.Join(err, err1); err != nil {
		return nil, err
	}
	one, err := s.host.File(ctx, files.Items[0].ID)
	if err != nil {
		return nil, err
	}
	_, absent := s.host.File(ctx, 999)
	return []any{libraries[0].Path, files.Items[0].Path == one.Path, files.Next != "",
		errors.Is(absent, viewrahost.ErrNotFound)}, nil
}

// match puts an identifier of the only file, and finds the file by it.
func (s *service) match(ctx context.Context, _ string) (any, error) {
	files, err := s.host.Files(ctx, viewrahost.Ask{})
	if err != nil {
		return nil, err
	}
	found := map[string]any{"isrc": "DEZZZ2200002", "mood": []string{"calm", "slow"}}
	err = s.host.PutMetadata(ctx, viewrahost.Found{MediaFileID: files.Items[0].ID, Metadata: found})
	if errors.Is(err, viewrahost.ErrDenied) {
		return "denied", nil
	}
	known, unknown := viewrahost.Recording{ISRC: "DEZZZ2200002"}, viewrahost.Recording{Title: "Something else"}
	matches, err1 := s.host.Match(ctx, 3, known, unknown)
	if err := errors.Join(err, err1); err != nil {
		return nil, err
	}
	first := matches[0][0]
	return []any{len(matches[0]) - len(matches[1]), first.Score > 0.9, first.By, first.Path == files.Items[0].Path}, nil
}

func (s *service) fetch(ctx context.Context, url string) (any, error) {
	key := map[string]string{"X-Key": "{secret:key}"}
	answer, err := s.host.Fetch(ctx, viewrahost.Request{URL: url, Headers: key})
	if err != nil {
		return nil, err
	}
	_, denied := s.host.Fetch(ctx, viewrahost.Request{URL: "http://169.254.169.254/"})
	_, failed := s.host.Fetch(ctx, viewrahost.Request{URL: url + "/breaks"})
	return []any{answer.Status, string(answer.Body), answer.Headers["x-a"], errors.Is(denied, viewrahost.ErrDenied),
		errors.Is(failed, viewrahost.ErrRemote)}, nil
}

func (s *service) asset(ctx context.Context, url string) (any, error) {
	fetched, err := s.host.FetchAsset(ctx, viewrahost.Request{URL: url})
	if err != nil {
		return nil, err
	}
	put, err := s.host.PutAsset(ctx, []byte("words"), "text/plain", false)
	if err != nil {
		return nil, err
	}
	part, err := s.host.ReadAsset(ctx, fetched.Asset, 2)
	if err != nil {
		return nil, err
	}
	deleted, err := s.host.DeleteAsset(ctx, put.ID)
	return []any{string(part), put.Size, deleted}, err
}

func (s *service) tell(ctx context.Context, _ string) (any, error) {
	err := errors.Join(s.host.Report(ctx, "covers", 1, 2, "at it"), s.host.Notify(ctx, viewrahost.Info, "hello", "k"))
	return "told", err
}

// tasks enqueues one twice, and schedules another.
func (s *service) tasks(ctx context.Context, _ string) (any, error) {
	one := viewrahost.NewTask{Name: "count", Data: 7, Key: "once", Delay: 50 * time.Millisecond}
	first, err1 := s.host.Enqueue(ctx, one, viewrahost.NewTask{Name: "fail", Attempts: 1})
	second, err2 := s.host.Enqueue(ctx, one)
	err3 := s.host.Schedule(ctx, "daily", "24h", nil)
	err4 := s.host.Unschedule(ctx, "daily")
	return []int{first, second}, errors.Join(err1, err2, err3, err4)
}

// done gives what execute has stored.
func (s *service) done(ctx context.Context, _ string) (any, error) {
	found, err := s.host.KV().Get(ctx, "counted")
	if found == nil || err != nil {
		return nil, err
	}
	var counted int
	return &counted, found.Decode(&counted)
}

func (s *service) execute(ctx context.Context, task *viewrahost.Task) (time.Duration, error) {
	if task.Name == "fail" {
		return 0, errors.New("it fails")
	}
	if !s.putOff.Swap(true) {
		return time.Microsecond, nil // shorter than the wire can say, and no end all the same
	}
	var number int
	if err := task.Decode(&number); err != nil {
		return 0, err
	}
	_, err := s.host.KV().Set(ctx, "counted", number, viewrahost.How{})
	return 0, err
}

// publish publishes under its own name, is refused library.…, and gives what hear has stored.
func (s *service) publish(ctx context.Context, _ string) (any, error) {
	refused := s.host.Publish(ctx, "library.changed", nil)
	if err := s.host.Publish(ctx, "asking.asked", map[string]int{"number": 5}); err != nil {
		return nil, err
	}
	found, err := s.host.KV().Get(ctx, "heard")
	heard := []any{"", 0}
	if found != nil && err == nil {
		err = found.Decode(&heard)
	}
	return append(heard, errors.Is(refused, viewrahost.ErrDenied)), err
}

func (s *service) hear(ctx context.Context, event *viewrahost.Event) error {
	var number int
	if err := event.Decode(&number); err != nil {
		return err
	}
	_, err := s.host.KV().Set(ctx, "heard", []any{event.Name, number}, viewrahost.How{})
	return err
}

// many asks from many goroutines at once.
func (s *service) many(ctx context.Context, _ string) (any, error) {
	var group sync.WaitGroup
	failures := make(chan error, 64)
	for number := range 64 {
		group.Go(func() {
			key := fmt.Sprint("key", number)
			if _, err := s.host.Cache().Set(ctx, key, number, viewrahost.How{}); err != nil {
				failures <- err
				return
			}
			var back int
			found, err := s.host.Cache().Get(ctx, key)
			if err != nil || found.Decode(&back) != nil || back != number {
				failures <- fmt.Errorf("%d: %v, %v", number, back, err)
			}
		})
	}
	group.Wait()
	close(failures)
	return "all", <-failures
}

// late has a deadline that has passed, and a context that was cancelled.
func (s *service) late(ctx context.Context, _ string) (any, error) {
	brief, cancel := context.WithTimeout(ctx, time.Nanosecond)
	defer cancel()
	_, late := s.host.KV().Get(brief, "started")
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, gone := s.host.KV().Get(cancelled, "started")
	return []bool{errors.Is(late, viewrahost.ErrLate), errors.Is(gone, context.Canceled)}, nil
}

func main() {
	log := hclog.New(&hclog.LoggerOptions{Name: "viewra", Level: hclog.Info, Output: os.Stderr, JSONFormat: true})
	register := func(_ *plugin.GRPCBroker, server *grpc.Server) {
		asking := &service{host: viewrahost.Register(server)}
		pb.RegisterPluginServiceServer(server, asking)
		pb.RegisterSearchServiceServer(server, asking)
		viewrahost.ServeTasks(server, asking.execute)
		viewrahost.ServeEvents(server, asking.hear)
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: wire.Handshake,
		Plugins:         plugin.PluginSet{wire.Name: &wire.Plugin{Register: register}},
		GRPCServer:      plugin.DefaultGRPCServer,
		Logger:          log,
	})
}
