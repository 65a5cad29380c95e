// A Viewra plugin as one is written in Go: several of Viewra's services, each with a way to fail.
package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"viewra.example/pb"
	"viewra.example/viewrahost"
	"viewra.interop/wire"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

type service struct {
	pb.UnimplementedPluginServiceServer
	pb.UnimplementedMetadataScraperServiceServer
	pb.UnimplementedScannerHookServiceServer
	pb.UnimplementedDatabaseServiceServer
	pb.UnimplementedSearchServiceServer

	log    hclog.Logger
	broker *plugin.GRPCBroker
	mutex  sync.Mutex
	given  *pb.PluginContext
	dialed *grpc.ClientConn // to the host, with the broker
	heard  []string
}

func (s *service) Initialize(_ context.Context, request *pb.InitializeRequest) (*pb.InitializeResponse, error) {
	s.given = request.GetContext()
	s.log.Info("initialized", "plugin", s.given.GetPluginId(), "settings", len(s.given.GetConfig()))
	if reason := s.given.GetConfig()["refuse"]; reason != "" {
		return &pb.InitializeResponse{Error: reason}, nil
	}
	connection, err := s.broker.Dial(s.given.GetHostBrokerId())
	if err != nil {
		return &pb.InitializeResponse{Error: err.Error()}, nil
	}
	s.dialed = connection
	return &pb.InitializeResponse{Success: true}, nil
}

func (s *service) Start(context.Context, *pb.StartRequest) (*pb.StartResponse, error) {
	fmt.Println("printed to os.Stdout")
	fmt.Fprintln(os.Stderr, "printed to os.Stderr")
	return &pb.StartResponse{Success: true}, nil
}

func (s *service) Stop(context.Context, *pb.StopRequest) (*pb.StopResponse, error) {
	if s.given.GetConfig()["stop"] == "hang" {
		time.Sleep(time.Hour)
	}
	s.log.Info("stopping")
	return &pb.StopResponse{Success: true}, nil
}

func (s *service) Info(context.Context, *pb.InfoRequest) (*pb.InfoResponse, error) {
	info := &pb.PluginInfo{Id: "go_plugin", Name: "A plugin in Go", Version: "1.2.3", Tags: []string{"go"}}
	return &pb.InfoResponse{Info: info}, nil
}

func (s *service) Health(context.Context, *pb.HealthRequest) (*pb.HealthResponse, error) {
	return &pb.HealthResponse{Healthy: false, Error: "a little tired"}, nil
}

func (s *service) CanHandle(_ context.Context, request *pb.CanHandleRequest) (*pb.CanHandleResponse, error) {
	return &pb.CanHandleResponse{CanHandle: strings.HasPrefix(request.GetMimeType(), "audio/")}, nil
}

func (s *service) ExtractMetadata(
	_ context.Context, request *pb.ExtractMetadataRequest,
) (*pb.ExtractMetadataResponse, error) {
	path := request.GetFilePath()
	switch filepath.Base(path) {
	case "refuse":
		return &pb.ExtractMetadataResponse{Error: "no audio in it"}, nil
	case "status":
		return nil, errors.New("the disk is on fire")
	case "panic":
		panic("all is lost")
	case "bad":
		return &pb.ExtractMetadataResponse{Metadata: map[string]string{"title": strings.Repeat("x", 70_000)}}, nil
	case "large":
		fields := map[string]string{}
		for number := range 100 {
			fields[strconv.Itoa(number)] = strings.Repeat("x", 35_000)
		}
		return &pb.ExtractMetadataResponse{Metadata: fields}, nil
	}
	entry, err := os.Stat(path)
	if err != nil {
		return &pb.ExtractMetadataResponse{Error: err.Error()}, nil
	}
	fields := map[string]string{"title": "Go read " + filepath.Base(path), "size": strconv.FormatInt(entry.Size(), 10)}
	return &pb.ExtractMetadataResponse{Metadata: fields}, nil
}

func (s *service) GetSupportedTypes(
	context.Context, *pb.GetSupportedTypesRequest,
) (*pb.GetSupportedTypesResponse, error) {
	return &pb.GetSupportedTypesResponse{Types: []string{"audio/*"}}, nil
}

func (s *service) hear(format string, arguments ...any) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.heard = append(s.heard, fmt.Sprintf(format, arguments...))
}

func (s *service) OnScanStarted(
	_ context.Context, request *pb.OnScanStartedRequest,
) (*pb.OnScanStartedResponse, error) {
	s.hear("started %s", filepath.Base(request.GetLibraryPath()))
	return &pb.OnScanStartedResponse{Success: true}, nil
}

func (s *service) OnMediaFileScanned(
	_ context.Context, request *pb.OnMediaFileScannedRequest,
) (*pb.OnMediaFileScannedResponse, error) {
	s.hear("scanned %s", filepath.Base(request.GetFilePath()))
	return &pb.OnMediaFileScannedResponse{Success: true}, nil
}

func (s *service) OnScanCompleted(
	_ context.Context, request *pb.OnScanCompletedRequest,
) (*pb.OnScanCompletedResponse, error) {
	s.hear("completed")
	return &pb.OnScanCompletedResponse{Success: true}, nil
}

func (s *service) GetModels(context.Context, *pb.GetModelsRequest) (*pb.GetModelsResponse, error) {
	return &pb.GetModelsResponse{ModelNames: []string{"Track"}}, nil
}

func (s *service) Migrate(_ context.Context, request *pb.MigrateRequest) (*pb.MigrateResponse, error) {
	path := strings.TrimPrefix(request.GetConnectionString(), "sqlite://")
	if err := os.WriteFile(path, []byte("tables"), 0o600); err != nil {
		return &pb.MigrateResponse{Error: err.Error()}, nil
	}
	return &pb.MigrateResponse{Success: true}, nil
}

func (s *service) Rollback(context.Context, *pb.RollbackRequest) (*pb.RollbackResponse, error) {
	return &pb.RollbackResponse{}, nil // success is false, and no reason given
}

func (s *service) Search(ctx context.Context, request *pb.SearchRequest) (*pb.SearchResponse, error) {
	query := request.GetQuery()
	if query["title"] == "heard" {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		heard := &pb.SearchResult{Id: "1", Title: strings.Join(s.heard, "; "), Score: 1}
		return &pb.SearchResponse{Success: true, Results: []*pb.SearchResult{heard}, TotalCount: 1}, nil
	}
	if query["title"] == "asset" {
		return s.saveAsset(query["file"])
	}
	if query["title"] == "brokered" {
		return s.brokered(ctx)
	}
	if query["title"] == "refuse" {
		return &pb.SearchResponse{Success: false, Error: "the index is being rebuilt"}, nil
	}
	score := 0.5
	if query["title"] == "overrate" {
		score = 1.5
	}
	hit := &pb.SearchResult{Id: "7", Title: query["title"], Score: score, Metadata: maps.Clone(query)}
	hit.Metadata["limit"] = strconv.FormatUint(uint64(request.GetLimit()), 10)
	return &pb.SearchResponse{Success: true, Results: []*pb.SearchResult{hit}, TotalCount: 9, HasMore: true}, nil
}

// brokered asks the host over the connection of go-plugin's broker: for all services, more often than it has threads.
func (s *service) brokered(ctx context.Context) (*pb.SearchResponse, error) {
	host := viewrahost.Over(s.dialed)
	var starts int
	found, err := host.KV().Get(ctx, "starts")
	if found != nil && err == nil {
		err = found.Decode(&starts)
	}
	failures := make(chan error, 64)
	var group sync.WaitGroup
	for number := range 48 {
		group.Go(func() {
			_, err := host.KV().Set(ctx, "starts", starts+1, viewrahost.How{})
			failures <- err
			_, err = pb.NewAssetServiceClient(s.dialed).AssetExists(ctx, &pb.AssetExistsRequest{Hash: strconv.Itoa(number)})
			failures <- err
		})
	}
	go func() { group.Wait(); close(failures) }()
	for failure := range failures {
		err = errors.Join(err, failure)
	}
	_, denied := host.Libraries(ctx)
	brief, cancel := context.WithTimeout(ctx, time.Nanosecond)
	defer cancel()
	_, late := host.KV().Get(brief, "starts")
	if err != nil || !errors.Is(denied, viewrahost.ErrDenied) || !errors.Is(late, viewrahost.ErrLate) {
		return &pb.SearchResponse{Error: fmt.Sprint(err, denied, late)}, nil
	}
	hit := &pb.SearchResult{Id: "1", Title: strconv.Itoa(starts)}
	return &pb.SearchResponse{Success: true, Results: []*pb.SearchResult{hit}, TotalCount: 1}, nil
}

// saveAsset stores a cover with the host as Viewra's plugins do: at the address in the context, without encryption.
func (s *service) saveAsset(file string) (*pb.SearchResponse, error) {
	secrets := insecure.NewCredentials()
	connection, err := grpc.NewClient(s.given.GetHostServiceAddr(), grpc.WithTransportCredentials(secrets))
	if err != nil {
		return &pb.SearchResponse{Error: err.Error()}, nil
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	assets := pb.NewAssetServiceClient(connection)
	cover := append([]byte{0xff, 0xd8, 0xff, 0xe0}, make([]byte, 5<<20)...)
	saved, err := assets.SaveAsset(ctx, &pb.SaveAssetRequest{
		MediaFileId: file, AssetType: "music", Category: "album", Subtype: "artwork", Data: cover,
		MimeType: "image/jpeg", SourceUrl: "https://coverartarchive.org/release/1", PluginId: s.given.GetPluginId(),
		Metadata: map[string]string{"quality": "high"},
	})
	if err != nil {
		return &pb.SearchResponse{Error: err.Error()}, nil
	}
	if !saved.GetSuccess() {
		return &pb.SearchResponse{Error: saved.GetError()}, nil
	}
	known, err := assets.AssetExists(ctx, &pb.AssetExistsRequest{MediaFileId: file, Subtype: "artwork"})
	if err != nil {
		return &pb.SearchResponse{Error: err.Error()}, nil
	}
	hit := &pb.SearchResult{Id: strconv.FormatUint(uint64(saved.GetAssetId()), 10), Title: saved.GetHash()}
	hit.Metadata = map[string]string{"exists": strconv.FormatBool(known.GetExists()), "path": saved.GetRelativePath()}
	return &pb.SearchResponse{Success: true, Results: []*pb.SearchResult{hit}, TotalCount: 1}, nil
}

func main() {
	log := hclog.New(&hclog.LoggerOptions{Name: "viewra", Level: hclog.Trace, Output: os.Stderr, JSONFormat: true})
	implementation := &service{log: log}
	register := func(broker *plugin.GRPCBroker, server *grpc.Server) {
		implementation.broker = broker
		pb.RegisterPluginServiceServer(server, implementation)
		pb.RegisterMetadataScraperServiceServer(server, implementation)
		pb.RegisterScannerHookServiceServer(server, implementation)
		pb.RegisterDatabaseServiceServer(server, implementation)
		pb.RegisterSearchServiceServer(server, implementation)
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: wire.Handshake,
		Plugins:         plugin.PluginSet{wire.Name: &wire.Plugin{Register: register}},
		GRPCServer:      plugin.DefaultGRPCServer,
		Logger:          log,
	})
}
