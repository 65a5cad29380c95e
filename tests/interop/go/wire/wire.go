// Package wire is what Viewra's plugins and hosts have in common; its services are those of viewra/pb/plugin.proto.
package wire

import (
	"context"

	"viewra.example/pb"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// Name is the name under which a plugin is dispensed.
const Name = "plugin"

// Handshake is that of every Viewra plugin.
var Handshake = plugin.HandshakeConfig{
	ProtocolVersion:  1,
	MagicCookieKey:   "VIEWRA_PLUGIN",
	MagicCookieValue: "viewra_plugin_magic_cookie_v1",
}

// Plugin is go-plugin's view of a Viewra plugin: at its own end what Register adds, at the host's end Clients.
type Plugin struct {
	plugin.NetRPCUnsupportedPlugin
	Register func(broker *plugin.GRPCBroker, server *grpc.Server)
}

// Clients are those of a host.
type Clients struct {
	Broker  *plugin.GRPCBroker
	Plugin  pb.PluginServiceClient
	Scraper pb.MetadataScraperServiceClient
	Scanner pb.ScannerHookServiceClient
	Tables  pb.DatabaseServiceClient
	Pages   pb.AdminPageServiceClient
	Routes  pb.APIRegistrationServiceClient
	Search  pb.SearchServiceClient
}

// GRPCServer registers the services.
func (p *Plugin) GRPCServer(broker *plugin.GRPCBroker, server *grpc.Server) error {
	p.Register(broker, server)
	return nil
}

// GRPCClient wraps the connection.
func (p *Plugin) GRPCClient(_ context.Context, broker *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return &Clients{
		Broker:  broker,
		Plugin:  pb.NewPluginServiceClient(conn),
		Scraper: pb.NewMetadataScraperServiceClient(conn),
		Scanner: pb.NewScannerHookServiceClient(conn),
		Tables:  pb.NewDatabaseServiceClient(conn),
		Pages:   pb.NewAdminPageServiceClient(conn),
		Routes:  pb.NewAPIRegistrationServiceClient(conn),
		Search:  pb.NewSearchServiceClient(conn),
	}, nil
}
