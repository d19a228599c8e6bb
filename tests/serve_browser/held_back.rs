//! A proxy between the page and the service that holds the event stream back, as some in offices and hotels do.
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::browser::{Browser, Scripts};
use crate::service::{Service, votekit};
use crate::{has_voted, run, vote};

/// Passes one request of a client on; of an event stream, nothing comes back.
fn pass_on(mut client: TcpStream, service: &str) -> io::Result<()> {
    let mut from_client = BufReader::new(client.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if from_client.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let mut upstream = TcpStream::connect(service)?;
    upstream.write_all(head.replace("Connection: keep-alive", "Connection: close").as_bytes())?;
    let mut to_service = upstream.try_clone()?;
    thread::spawn(move || io::copy(&mut from_client, &mut to_service));
    if head.starts_with("GET /events") {
        io::copy(&mut upstream, &mut io::sink())?;
    } else {
        io::copy(&mut upstream, &mut client)?;
    }
    client.shutdown(std::net::Shutdown::Both)
}

/// The address of a proxy before `service`, which ends with the test program.
fn proxy(service: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let service = service.clone();
            thread::spawn(move || pass_on(client, &service));
        }
    });
    format!("http://{address}/")
}

#[test]
fn results_come_without_the_stream_and_are_not_called_live() {
    run(async {
        let service = Service::start(&["--candidate", "Ann", "--candidate", "Bo"]);
        let page = Browser::start(Scripts::On).await;
        page.client.goto(&proxy(service.address.clone())).await.unwrap();
        // Everything that the page ever says of its connection.
        page.ask(
            "window.said = []; new MutationObserver(() => said.push(document.querySelector('#connection').textContent))
               .observe(document.querySelector('#connection'), { childList: true })",
        )
        .await;
        page.until("return document.querySelector('#connection').textContent === 'Renewed every few seconds'").await;
        vote(&page, 2).await;
        has_voted(&page, "Bo").await;
        service.vote(&["1"]);
        page.until("return document.querySelector('#votes-total').textContent === '2'").await;
        assert_eq!(page.text("#summary").await, "Ann and Bo are tied for the lead.");

        // What the person who runs the show does is noticed too: the end brought forward, a late candidate, the vote closed.
        let run_by_hand = |args: &[&str]| {
            assert!(votekit(&service.folder).args(args).output().unwrap().status.success(), "{args:?}");
        };
        run_by_hand(&["set", "--title", "The finale", "--closes", "2999-01-01T00:00:00Z"]);
        page.until("return document.title === 'The finale'").await;
        page.until("return document.querySelector('.state [data-when=open] time').dateTime.startsWith('2999')").await;
        run_by_hand(&["candidates", "add", "Cy"]);
        page.until("return document.querySelectorAll('.candidate').length === 3").await;
        run_by_hand(&["close"]);
        page.until("return document.body.dataset.state === 'closed'").await;
        assert_eq!(page.text("#summary").await, "Ann and Bo tied for first.");
        run_by_hand(&["open"]);
        page.until("return document.body.dataset.state === 'open'").await;
        run_by_hand(&["reset", "--yes"]);
        page.until("return document.querySelector('#votes-total').textContent === '0'").await;
        page.until("return document.body.dataset.generation === '2'").await;
        assert_eq!(page.ask("return window.said?.includes('Live') ?? false").await, serde_json::json!(false));
    });
}
