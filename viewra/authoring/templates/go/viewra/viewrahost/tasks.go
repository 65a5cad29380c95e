package viewrahost

import (
	"context"
	"encoding/json"
	"math"
	"time"

	"viewra.example/viewrapb"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// NewTask is a task for the plugin's own queue. Data becomes JSON; of a Key only one task waits at a time; Attempts 0
// are as the manifest says.
type NewTask struct {
	Name     string
	Data     any
	Key      string
	Delay    time.Duration
	Priority int
	Attempts int
}

// Task is a task to be executed: its Data is JSON, Attempt counts from 1. Of a schedule, DueAt is in microseconds since
// the epoch, and Missed the runs before it that were missed.
type Task struct {
	ID                uint64
	Name, Key         string
	Data              []byte
	Attempt, Attempts uint32
	DueAt             int64
	Missed            uint32
}

// Decode puts the task's data into what into points to.
func (t *Task) Decode(into any) error { return json.Unmarshal(t.Data, into) }

// Enqueue puts tasks into the queue, 1,000 at most, and says how many are new: others of the same key wait already.
func (h *Host) Enqueue(ctx context.Context, tasks ...NewTask) (int, error) {
	rows := make([]map[string]any, 0, len(tasks))
	for _, task := range tasks {
		row := map[string]any{
			"name": task.Name, "data": task.Data, "key": task.Key, "delay_s": task.Delay.Seconds(),
			"priority": task.Priority,
		}
		if task.Attempts > 0 {
			row["attempts"] = task.Attempts
		}
		rows = append(rows, row)
	}
	var outcome struct {
		New int `json:"new"`
	}
	_, err := h.Call(ctx, "tasks.enqueue", map[string]any{"tasks": rows}, nil, &outcome)
	return outcome.New, err
}

// Schedule has a task with this name enqueued again and again: at the times of cron, or at intervals, such as "1h".
func (h *Host) Schedule(ctx context.Context, name, schedule string, data any) error {
	arguments := map[string]any{"name": name, "schedule": schedule, "data": data}
	_, err := h.Call(ctx, "schedule.set", arguments, nil, nil)
	return err
}

// Unschedule ends a schedule.
func (h *Host) Unschedule(ctx context.Context, name string) error {
	_, err := h.Call(ctx, "schedule.remove", map[string]any{"name": name}, nil, nil)
	return err
}

type taskServer struct {
	viewrapb.UnimplementedTaskServiceServer
	execute func(context.Context, *Task) (time.Duration, error)
}

// ServeTasks executes the plugin's tasks, several at once; ctx ends when the host no longer wants one. An error is a
// failed attempt; a duration above 0, of seven days at most, has the task come again after that, without counting this
// attempt.
func ServeTasks(server grpc.ServiceRegistrar, execute func(context.Context, *Task) (time.Duration, error)) {
	viewrapb.RegisterTaskServiceServer(server, &taskServer{execute: execute})
}

// ExecuteTask executes one task.
func (s *taskServer) ExecuteTask(stream grpc.BidiStreamingServer[viewrapb.Task, viewrapb.TaskDone]) error {
	message, err := stream.Recv()
	if err != nil {
		return err
	}
	again, err := s.execute(stream.Context(), &Task{
		ID: message.GetId(), Name: message.GetName(), Key: message.GetKey(), Data: message.GetData(),
		Attempt: message.GetAttempt(), Attempts: message.GetAttempts(),
		DueAt: message.GetDueAt(), Missed: message.GetMissed(),
	})
	if err != nil {
		return status.Error(codes.Unknown, err.Error())
	}
	return stream.Send(&viewrapb.TaskDone{AgainMs: milliseconds(again)})
}

// milliseconds gives 0 for no time alone: the host would take less than one for an end, and more than fit for less.
func milliseconds(again time.Duration) uint32 {
	if again <= 0 {
		return 0
	}
	return uint32(min(max(1, again.Milliseconds()), math.MaxUint32))
}
