// A Viewra plugin in Go that answers HTTP requests, with the helper of the templates, and uses changed settings at once.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync/atomic"

	"viewra.example/pb"
	"viewra.example/viewrahttp"
	"viewra.example/viewrapb"
	"viewra.interop/wire"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

type service struct {
	pb.UnimplementedPluginServiceServer
	pb.UnimplementedAPIRegistrationServiceServer
	pb.UnimplementedAdminPageServiceServer
}

// The setting in use.
var site atomic.Value

type settings struct {
	viewrapb.UnimplementedConfigServiceServer
}

func (*settings) Apply(ctx context.Context, request *viewrapb.ApplyRequest) (*viewrapb.ApplyResponse, error) {
	switch wanted := request.GetConfig()["site"]; wanted {
	case "refused":
		return &viewrapb.ApplyResponse{Success: false, Error: "this site is not known"}, nil
	case "slow":
		<-ctx.Done()
		return nil, ctx.Err()
	default:
		site.Store(wanted)
		return &viewrapb.ApplyResponse{Success: true}, nil
	}
}

func (*service) Initialize(_ context.Context, request *pb.InitializeRequest) (*pb.InitializeResponse, error) {
	site.Store(request.GetContext().GetConfig()["site"])
	return &pb.InitializeResponse{Success: true}, nil
}

func (*service) Start(context.Context, *pb.StartRequest) (*pb.StartResponse, error) {
	return &pb.StartResponse{Success: true}, nil
}

func (*service) Stop(context.Context, *pb.StopRequest) (*pb.StopResponse, error) {
	return &pb.StopResponse{Success: true}, nil
}

func (*service) Info(context.Context, *pb.InfoRequest) (*pb.InfoResponse, error) {
	return &pb.InfoResponse{Info: &pb.PluginInfo{Id: "web_plugin"}}, nil
}

func (*service) Health(context.Context, *pb.HealthRequest) (*pb.HealthResponse, error) {
	return &pb.HealthResponse{Healthy: true}, nil
}

func (*service) GetRegisteredRoutes(
	context.Context, *pb.GetRegisteredRoutesRequest,
) (*pb.GetRegisteredRoutesResponse, error) {
	return &pb.GetRegisteredRoutesResponse{Routes: []*pb.APIRoute{
		{Path: "/api/plugins/web_plugin/books/:title", Method: "GET", Description: "One book"},
		{Path: "/echo", Method: "POST"},
	}}, nil
}

func (*service) GetAdminPages(context.Context, *pb.GetAdminPagesRequest) (*pb.GetAdminPagesResponse, error) {
	return &pb.GetAdminPagesResponse{Pages: []*pb.AdminPageConfig{
		{Id: "shelf", Title: "Shelf", Path: "/shelf", Type: "dashboard"},
	}}, nil
}

func (*service) RegisterRoutes(context.Context, *pb.RegisterRoutesRequest) (*pb.RegisterRoutesResponse, error) {
	return &pb.RegisterRoutesResponse{Success: true}, nil
}

func routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /books/{title}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Scope", viewrahttp.Head(r).GetScope())
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"title": r.PathValue("title"), "q": r.URL.RawQuery})
	})
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		buffer := make([]byte, 100)
		for {
			n, err := r.Body.Read(buffer)
			_, _ = w.Write(buffer[:n])
			w.(http.Flusher).Flush()
			if err == io.EOF {
				return
			}
			if err != nil {
				panic(err)
			}
		}
	})
	mux.HandleFunc("GET /site", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, site.Load()) })
	mux.HandleFunc("GET /large", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, 200_000))
	})
	mux.HandleFunc("GET /media", func(w http.ResponseWriter, _ *http.Request) { viewrahttp.Media(w, 7) })
	mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("no such shelf") })
	return mux
}

func pages() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "<p>%s of %s</p>", r.URL.Path, viewrahttp.Head(r).GetBasePath())
	})
}

func main() {
	log := hclog.New(&hclog.LoggerOptions{Name: "viewra", Level: hclog.Info, Output: os.Stderr, JSONFormat: true})
	register := func(_ *plugin.GRPCBroker, server *grpc.Server) {
		pb.RegisterPluginServiceServer(server, &service{})
		pb.RegisterAPIRegistrationServiceServer(server, &service{})
		pb.RegisterAdminPageServiceServer(server, &service{})
		viewrapb.RegisterConfigServiceServer(server, &settings{})
		viewrahttp.Register(server, routes(), pages())
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: wire.Handshake,
		Plugins:         plugin.PluginSet{wire.Name: &wire.Plugin{Register: register}},
		GRPCServer:      plugin.DefaultGRPCServer,
		Logger:          log,
	})
}
