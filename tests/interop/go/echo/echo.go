// Package echo is the one small service with which the tests exercise go-plugin's wire: a command in, a text out.
// The same service is spoken by python_plugin.py.
package echo

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Handshake is what both ends have in common; the version is overridden by versioned plugin sets.
var Handshake = plugin.HandshakeConfig{MagicCookieKey: "INTEROP_COOKIE", MagicCookieValue: "interop", ProtocolVersion: 1}

// Name is the name under which the plugin is dispensed.
const Name = "echo"

const method = "/interop.Echo/Say"

// Speaker answers commands.
type Speaker interface {
	Say(text string) (string, error)
}

// Client speaks to the other end.
type Client struct {
	Broker *plugin.GRPCBroker
	conn   *grpc.ClientConn
}

// Say sends one command.
func (c *Client) Say(text string) (string, error) {
	answer := new(wrapperspb.StringValue)
	err := c.conn.Invoke(context.Background(), method, wrapperspb.String(text), answer)
	return answer.GetValue(), err
}

// Plugin is go-plugin's view of the service.
type Plugin struct {
	plugin.NetRPCUnsupportedPlugin
	Log hclog.Logger
}

// GRPCServer registers the service.
func (p *Plugin) GRPCServer(broker *plugin.GRPCBroker, server *grpc.Server) error {
	Register(server, &speaker{broker: broker, log: p.Log})
	return nil
}

// GRPCClient wraps the connection.
func (p *Plugin) GRPCClient(_ context.Context, broker *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return &Client{Broker: broker, conn: conn}, nil
}

// Register serves a speaker.
func Register(server *grpc.Server, implementation Speaker) {
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "interop.Echo",
		HandlerType: (*Speaker)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: "Say",
			Handler: func(srv any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				request := new(wrapperspb.StringValue)
				if err := decode(request); err != nil {
					return nil, err
				}
				answer, err := srv.(Speaker).Say(request.GetValue())
				return wrapperspb.String(answer), err
			},
		}},
	}, implementation)
}

// Loud is what either end serves through the broker.
type Loud struct{}

// Say shouts.
func (Loud) Say(text string) (string, error) { return strings.ToUpper(text), nil }

// Accept serves Loud under a fresh number.
func Accept(broker *plugin.GRPCBroker) uint32 {
	id := broker.NextId()
	go broker.AcceptAndServe(id, func(opts []grpc.ServerOption) *grpc.Server {
		server := grpc.NewServer(opts...)
		Register(server, Loud{})
		return server
	})
	return id
}

// Dial calls what the other end serves under a number.
func Dial(broker *plugin.GRPCBroker, id uint32, text string) (string, error) {
	conn, err := broker.Dial(id)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	return (&Client{conn: conn}).Say(text)
}

type speaker struct {
	broker *plugin.GRPCBroker
	log    hclog.Logger
}

func (s *speaker) Say(text string) (string, error) {
	command, argument, _ := strings.Cut(text, " ")
	switch command {
	case "print":
		fmt.Fprintln(os.Stdout, "stdout "+argument)
		fmt.Fprintln(os.Stderr, "stderr "+argument)
		return "printed", nil
	case "log":
		s.log.Warn(argument, "number", 42)
		return "logged", nil
	case "panic":
		go panic(argument)
		select {}
	case "accept":
		return strconv.FormatUint(uint64(Accept(s.broker)), 10), nil
	case "dial":
		id, err := strconv.ParseUint(argument, 10, 32)
		if err != nil {
			return "", err
		}
		return Dial(s.broker, uint32(id), "from the plugin")
	}
	return "go: " + text, nil
}
