// A Viewra host as go-plugin makes one, for the tests: starts the plugin given as its arguments, uses Viewra's services
// and all of the wire, prints as JSON what it saw.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"viewra.example/pb"
	"viewra.interop/capture"
	"viewra.interop/echo"
	"viewra.interop/wire"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc/status"
)

func main() {
	tls := flag.Bool("tls", false, "AutoMTLS")
	mux := flag.Bool("mux", false, "ask for multiplexing")
	cookie := flag.String("cookie", wire.Handshake.MagicCookieValue, "the cookie's value")
	checksum := flag.String("checksum", "", "SHA-256 of the program")
	reattach := flag.Bool("reattach", false, "connect a second time by ReattachConfig")
	versions := flag.String("versions", "1", "versions that the host speaks")
	flag.Parse()

	var stdout, stderr, logged, raw capture.Buffer
	handshake := wire.Handshake
	handshake.MagicCookieValue = *cookie
	sets := map[int]plugin.PluginSet{}
	for _, text := range strings.Split(*versions, ",") {
		version, err := strconv.Atoi(text)
		check(err)
		sets[version] = plugin.PluginSet{wire.Name: &wire.Plugin{}}
	}
	config := &plugin.ClientConfig{
		HandshakeConfig:     handshake,
		VersionedPlugins:    sets,
		Cmd:                 exec.Command(flag.Arg(0), flag.Args()[1:]...),
		AllowedProtocols:    []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:            *tls,
		GRPCBrokerMultiplex: *mux,
		SyncStdout:          &stdout,
		SyncStderr:          &stderr,
		Stderr:              &raw,
		Logger:              hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: &logged, JSONFormat: true}),
		StartTimeout:        60 * time.Second,
	}
	if *checksum != "" {
		sum, err := hex.DecodeString(*checksum)
		check(err)
		config.SecureConfig = &plugin.SecureConfig{Checksum: sum, Hash: sha256.New()}
	}
	client := plugin.NewClient(config)
	defer client.Kill()
	saw := map[string]any{}
	clients, err := connect(client, saw)
	if err == nil {
		err = use(clients, saw)
	}
	if err == nil {
		err = broker(clients, saw)
	}
	if err == nil {
		stdout.WaitFor("printed")
		logged.WaitFor("take care")
	}
	if err == nil && *reattach {
		err = again(client.ReattachConfig(), saw)
	}
	if err != nil {
		saw["error"] = err.Error()
	}
	start := time.Now()
	client.Kill()
	saw["kill_s"], saw["exited"] = time.Since(start).Seconds(), client.Exited()
	saw["stdout"], saw["stderr"], saw["log"], saw["raw"] = stdout.String(), stderr.String(), logged.String(), raw.String()
	check(json.NewEncoder(os.Stdout).Encode(saw))
}

func connect(client *plugin.Client, saw map[string]any) (*wire.Clients, error) {
	rpc, err := client.Client()
	if err != nil {
		return nil, err
	}
	saw["version"] = client.NegotiatedVersion()
	if err := rpc.Ping(); err != nil {
		return nil, fmt.Errorf("ping: %w", err)
	}
	dispensed, err := rpc.Dispense(wire.Name)
	if err != nil {
		return nil, err
	}
	return dispensed.(*wire.Clients), nil
}

// use calls Viewra's services as a host does, from Info and Initialize on.
func use(clients *wire.Clients, saw map[string]any) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	before, err := clients.Plugin.Info(ctx, &pb.InfoRequest{})
	if err != nil {
		return fmt.Errorf("info before initialize: %w", err)
	}
	saw["before"] = before.GetInfo()
	config := map[string]string{"answer": "42"}
	given := &pb.PluginContext{PluginId: "from_go", Config: config, LogLevel: "debug", BasePath: os.TempDir()}
	initialized, err := clients.Plugin.Initialize(ctx, &pb.InitializeRequest{Context: given})
	if err != nil || !initialized.GetSuccess() {
		return fmt.Errorf("initialize: %w, %v", err, initialized)
	}
	started, err := clients.Plugin.Start(ctx, &pb.StartRequest{})
	if err != nil || !started.GetSuccess() {
		return fmt.Errorf("start: %w, %v", err, started)
	}
	info, err := clients.Plugin.Info(ctx, &pb.InfoRequest{})
	if err != nil {
		return fmt.Errorf("info: %w", err)
	}
	saw["id"], saw["name"] = info.GetInfo().GetId(), info.GetInfo().GetName()
	saw["capabilities"] = info.GetInfo().GetCapabilities()
	health, err := clients.Plugin.Health(ctx, &pb.HealthRequest{})
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}
	saw["healthy"] = health.GetHealthy()
	types, err := clients.Scraper.GetSupportedTypes(ctx, &pb.GetSupportedTypesRequest{})
	if err != nil {
		return fmt.Errorf("types: %w", err)
	}
	saw["types"] = types.GetTypes()
	can, err := clients.Scraper.CanHandle(ctx, &pb.CanHandleRequest{FilePath: "/a", MimeType: "audio/flac"})
	if err != nil {
		return fmt.Errorf("can handle: %w", err)
	}
	saw["can_handle"] = can.GetCanHandle()
	read, err := clients.Scraper.ExtractMetadata(ctx, &pb.ExtractMetadataRequest{FilePath: "/music/ä.flac"})
	if err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	saw["metadata"] = read.GetMetadata()
	refused, err := clients.Scraper.ExtractMetadata(ctx, &pb.ExtractMetadataRequest{FilePath: "/fail"})
	if err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	saw["refused"] = refused.GetError()
	scanned := &pb.OnMediaFileScannedRequest{MediaFileId: 7, FilePath: "/a", Metadata: map[string]string{"title": "T"}}
	if told, err := clients.Scanner.OnMediaFileScanned(ctx, scanned); err != nil || !told.GetSuccess() {
		return fmt.Errorf("tell: %w, %v", err, told)
	}
	migrated, err := clients.Tables.Migrate(ctx, &pb.MigrateRequest{ConnectionString: "sqlite:////tmp/x"})
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	saw["migrated"], saw["migrate_error"] = migrated.GetSuccess(), migrated.GetError()
	found, err := clients.Search.Search(ctx, &pb.SearchRequest{Query: map[string]string{"title": "b"}, Limit: 3, Offset: 2})
	if err != nil || !found.GetSuccess() {
		return fmt.Errorf("search: %w, %v", err, found)
	}
	saw["found"], saw["score"] = found.GetResults()[0].GetTitle(), found.GetResults()[0].GetScore()
	_, err = clients.Pages.GetAdminPages(ctx, &pb.GetAdminPagesRequest{})
	saw["not_offered"] = status.Code(err).String()
	return nil
}

// broker has each end serve the other; the numbers go through the search service.
func broker(clients *wire.Clients, saw map[string]any) error {
	served, err := ask(clients, "accept", "")
	if err != nil {
		return err
	}
	id, err := strconv.ParseUint(served, 10, 32)
	if err != nil {
		return err
	}
	if saw["dialled"], err = echo.Dial(clients.Broker, uint32(id), "from the host"); err != nil {
		return fmt.Errorf("dialling the plugin: %w", err)
	}
	saw["served"], err = ask(clients, "dial", strconv.FormatUint(uint64(echo.Accept(clients.Broker)), 10))
	return err
}

func ask(clients *wire.Clients, field, text string) (string, error) {
	query := &pb.SearchRequest{Query: map[string]string{field: text}, Limit: 1}
	found, err := clients.Search.Search(context.Background(), query)
	if err != nil || !found.GetSuccess() {
		return "", fmt.Errorf("%s: %w, %v", field, err, found)
	}
	return found.GetResults()[0].GetTitle(), nil
}

func again(config *plugin.ReattachConfig, saw map[string]any) error {
	second := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  wire.Handshake,
		Plugins:          plugin.PluginSet{wire.Name: &wire.Plugin{}},
		Reattach:         config,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
	})
	seen := map[string]any{}
	clients, err := connect(second, seen)
	if err != nil {
		return fmt.Errorf("reattach: %w", err)
	}
	info, err := clients.Plugin.Info(context.Background(), &pb.InfoRequest{})
	saw["reattached"] = info.GetInfo().GetId()
	return err
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
