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

	"viewra.interop/pb"
	"viewra.interop/wire"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

type service struct {
	pb.UnimplementedPluginServiceServer
	pb.UnimplementedMetadataScraperServiceServer
	pb.UnimplementedScannerHookServiceServer
	pb.UnimplementedDatabaseServiceServer
	pb.UnimplementedSearchServiceServer

	log   hclog.Logger
	mutex sync.Mutex
	given *pb.PluginContext
	heard []string
}

func (s *service) Initialize(_ context.Context, request *pb.InitializeRequest) (*pb.InitializeResponse, error) {
	s.given = request.GetContext()
	s.log.Info("initialized", "plugin", s.given.GetPluginId(), "settings", len(s.given.GetConfig()))
	if reason := s.given.GetConfig()["refuse"]; reason != "" {
		return &pb.InitializeResponse{Error: reason}, nil
	}
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
			fields[strconv.Itoa(number)] = strings.Repeat("x", 50_000)
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

func (s *service) Search(_ context.Context, request *pb.SearchRequest) (*pb.SearchResponse, error) {
	query := request.GetQuery()
	if query["title"] == "heard" {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		heard := &pb.SearchResult{Id: "1", Title: strings.Join(s.heard, "; "), Score: 1}
		return &pb.SearchResponse{Success: true, Results: []*pb.SearchResult{heard}, TotalCount: 1}, nil
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

func main() {
	log := hclog.New(&hclog.LoggerOptions{Name: "viewra", Level: hclog.Trace, Output: os.Stderr, JSONFormat: true})
	implementation := &service{log: log}
	register := func(_ *plugin.GRPCBroker, server *grpc.Server) {
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
