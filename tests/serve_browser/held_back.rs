//! A proxy between the page and the service that holds the event stream back, as some in offices and hotels do.
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::browser::{Browser, Scripts};
use crate::service::Service;
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
        assert_eq!(page.ask("return said.includes('Live')").await, serde_json::json!(false));
    });
}
