// A go-plugin host for the tests: starts the plugin given as its arguments, uses all of the wire, prints what it saw.
package main

import (
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"viewra.interop/capture"
	"viewra.interop/echo"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
)

func main() {
	tls := flag.Bool("tls", false, "AutoMTLS")
	mux := flag.Bool("mux", false, "ask for multiplexing")
	cookie := flag.String("cookie", echo.Handshake.MagicCookieValue, "the cookie's value")
	checksum := flag.String("checksum", "", "SHA-256 of the program")
	reattach := flag.Bool("reattach", false, "connect a second time by ReattachConfig")
	versions := flag.String("versions", "1", "versions that the host speaks")
	flag.Parse()

	var stdout, stderr, logged, raw capture.Buffer
	handshake := echo.Handshake
	handshake.MagicCookieValue = *cookie
	sets := map[int]plugin.PluginSet{}
	for _, text := range strings.Split(*versions, ",") {
		version, err := strconv.Atoi(text)
		check(err)
		sets[version] = plugin.PluginSet{echo.Name: &echo.Plugin{}}
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
		StartTimeout:        30 * time.Second,
	}
	if *checksum != "" {
		sum := make([]byte, 0, sha256.Size)
		_, err := fmt.Sscanf(*checksum, "%x", &sum)
		check(err)
		config.SecureConfig = &plugin.SecureConfig{Checksum: sum, Hash: sha256.New()}
	}
	client := plugin.NewClient(config)
	defer client.Kill()
	answers := map[string]any{}
	rpc, err := client.Client()
	if err == nil {
		err = use(client, rpc, answers, &stdout, &logged)
	}
	if err == nil && *reattach {
		err = again(client.ReattachConfig(), answers)
	}
	if err != nil {
		answers["error"] = err.Error()
	}
	start := time.Now()
	client.Kill()
	answers["kill_s"] = time.Since(start).Seconds()
	answers["exited"] = client.Exited()
	answers["stdout"], answers["stderr"], answers["log"] = stdout.String(), stderr.String(), logged.String()
	answers["raw"] = raw.String()
	check(json.NewEncoder(io.Writer(os.Stdout)).Encode(answers))
}

func use(client *plugin.Client, rpc plugin.ClientProtocol, answers map[string]any, stdout, logged *capture.Buffer) error {
	answers["version"] = client.NegotiatedVersion()
	if err := rpc.Ping(); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	dispensed, err := rpc.Dispense(echo.Name)
	if err != nil {
		return err
	}
	peer := dispensed.(*echo.Client)
	if answers["echo"], err = peer.Say("hello"); err != nil {
		return fmt.Errorf("echo: %w", err)
	}
	if _, err = peer.Say("print something"); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	stdout.WaitFor("something")
	if _, err = peer.Say("log take care"); err != nil {
		return fmt.Errorf("log: %w", err)
	}
	logged.WaitFor("take care")
	number, err := peer.Say("accept")
	if err != nil {
		return fmt.Errorf("accept: %w", err)
	}
	id, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return err
	}
	if answers["dialled"], err = echo.Dial(peer.Broker, uint32(id), "from the host"); err != nil {
		return fmt.Errorf("dialling the plugin: %w", err)
	}
	if answers["served"], err = peer.Say(fmt.Sprintf("dial %d", echo.Accept(peer.Broker))); err != nil {
		return fmt.Errorf("serving the plugin: %w", err)
	}
	return nil
}

func again(config *plugin.ReattachConfig, answers map[string]any) error {
	config.Test = false
	second := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  echo.Handshake,
		Plugins:          plugin.PluginSet{echo.Name: &echo.Plugin{}},
		Reattach:         config,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
	})
	rpc, err := second.Client()
	if err != nil {
		return fmt.Errorf("reattach: %w", err)
	}
	dispensed, err := rpc.Dispense(echo.Name)
	if err != nil {
		return err
	}
	answers["reattached"], err = dispensed.(*echo.Client).Say("hello again")
	return err
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
